use countmein::ports::IdempotentRequest;

use crate::backend::Backend;
use crate::people::{at, id, unique};

fn answer(number: i64) -> IdempotentRequest {
    IdempotentRequest {
        fingerprint: format!("asked {number}"),
        id: id(&format!("id-{number}")),
        requested_at: at(number),
    }
}

async fn remember(backend: &Backend, key: &str, candidate: IdempotentRequest) -> IdempotentRequest {
    backend.idempotency.remember(key.to_owned(), candidate).await.expect("the backend is there")
}

pub async fn first_answer_is_remembered(backend: &Backend) {
    let key = unique("key");
    assert_eq!(remember(backend, &key, answer(1)).await, answer(1));
    assert_eq!(remember(backend, &key, answer(2)).await, answer(1));
    assert_eq!(remember(backend, &key, answer(1)).await, answer(1));
}

pub async fn first_answer_is_recalled(backend: &Backend) {
    let key = unique("key");
    let recall = async |key: &str| backend.idempotency.recall(key.to_owned()).await.expect("the backend is there");
    assert_eq!(recall(&key).await, None);
    remember(backend, &key, answer(1)).await;
    remember(backend, &key, answer(2)).await;
    assert_eq!(recall(&key).await, Some(answer(1)));
    assert_eq!(recall(&key.to_uppercase()).await, None);
}

pub async fn idempotency_keys_are_independent(backend: &Backend) {
    let (one, other) = (unique("key"), unique("key"));
    assert_eq!(remember(backend, &one, answer(1)).await, answer(1));
    assert_eq!(remember(backend, &other, answer(2)).await, answer(2));
    assert_eq!(remember(backend, &one.to_uppercase(), answer(3)).await, answer(3), "keys are not folded");
}

pub async fn concurrent_repeats_get_one_answer(backend: &Backend) {
    let key = unique("key");
    let requests: Vec<_> = (0..20)
        .map(|number| {
            let (backend, key) = (backend.clone(), key.clone());
            tokio::spawn(async move { remember(&backend, &key, answer(number)).await })
        })
        .collect();
    let mut answers = Vec::new();
    for request in requests {
        answers.push(request.await.expect("the request goes on"));
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
}
