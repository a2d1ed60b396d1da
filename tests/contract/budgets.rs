use std::time::Duration;

use countmein::domain::timestamp::Timestamp;
use countmein::ports::Spending;
use futures_util::future::join_all;

use crate::backend::Backend;
use crate::people::unique;

async fn spend(backend: &Backend, budget: &str, limit: u64) -> Spending {
    let ends_at = Timestamp::now().plus(Duration::from_secs(60 * 60));
    backend.budgets.spend(budget, limit, ends_at).await.expect("the backend is there")
}

/// Spends one after the other, and counts those granted.
async fn spend_often(backend: &Backend, budget: &str, limit: u64, times: usize) -> usize {
    let mut spent = 0;
    for _ in 0..times {
        spent += usize::from(spend(backend, budget, limit).await == Spending::Granted);
    }
    spent
}

pub async fn budget_stops_at_its_limit(backend: &Backend) {
    let budget = unique("budget");
    for _ in 0..3 {
        assert_eq!(spend(backend, &budget, 3).await, Spending::Granted);
    }
    assert_eq!(spend_often(backend, &budget, 3, 5).await, 0);
}

pub async fn spent_budget_can_be_read(backend: &Backend) {
    let budget = unique("budget");
    let spent = async || backend.budgets.spent(&budget).await.expect("the backend is there");
    assert_eq!(spent().await, 0);
    assert_eq!(spend_often(backend, &budget, 3, 2).await, 2);
    assert_eq!(spent().await, 2);
    spend_often(backend, &budget, 3, 5).await;
    assert_eq!(spent().await, 3, "what was refused is not spent");
}

pub async fn refunded_budget_can_be_spent_again(backend: &Backend) {
    let budget = unique("budget");
    assert_eq!(spend_often(backend, &budget, 3, 3).await, 3);
    backend.budgets.refund(&budget).await.unwrap();
    assert_eq!(spend_often(backend, &budget, 3, 3).await, 1);
    let untouched = unique("budget");
    backend.budgets.refund(&untouched).await.unwrap();
    assert_eq!(backend.budgets.spent(&untouched).await.unwrap(), 0);
    assert_eq!(spend_often(backend, &untouched, 1, 3).await, 1);
}

pub async fn concurrent_spenders_share_one_limit(backend: &Backend) {
    let budget = unique("budget");
    let answers = join_all((0..30).map(|_| spend(backend, &budget, 7))).await;
    assert_eq!(answers.into_iter().filter(|answer| *answer == Spending::Granted).count(), 7);
    assert_eq!(spend(backend, &budget, 7).await, Spending::Exhausted);
}

pub async fn budgets_are_independent(backend: &Backend) {
    let (one, other) = (unique("budget"), unique("budget"));
    assert_eq!(spend_often(backend, &one, 2, 5).await, 2);
    assert_eq!(spend_often(backend, &other, 3, 5).await, 3);
    assert_eq!(spend_often(backend, &one.to_uppercase(), 1, 5).await, 1, "names are not folded");
}

pub async fn limit_of_zero_gives_nothing(backend: &Backend) {
    let budget = unique("budget");
    assert_eq!(spend_often(backend, &budget, 0, 3).await, 0);
    assert_eq!(spend_often(backend, &budget, 2, 1).await, 1);
    assert_eq!(spend_often(backend, &budget, 0, 3).await, 0);
    assert_eq!(spend_often(backend, &budget, 2, 3).await, 1, "what was refused is not spent");
}

pub async fn changed_limit_applies_at_once(backend: &Backend) {
    let budget = unique("budget");
    assert_eq!(spend_often(backend, &budget, 2, 5).await, 2);
    assert_eq!(spend_often(backend, &budget, 5, 5).await, 3);
    assert_eq!(spend_often(backend, &budget, 4, 5).await, 0);
    assert_eq!(spend_often(backend, &budget, u64::MAX, 5).await, 5);
}
