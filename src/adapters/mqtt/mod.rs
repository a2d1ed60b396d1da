//! Presses of buttons from an MQTT broker.
//!
//! The broker keeps what it accepted at QoS 1 until it is durably on the queue: the session outlives this program, and a
//! message is acknowledged after it was put there.

mod settings;

pub use self::settings::{MqttSettings, NotABroker, TOPICS, is_filter};

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use rumqttc::{
    AsyncClient, ConnectionError, Event, EventLoop, Packet, Publish, QoS, SubscribeFilter, SubscribeReasonCode,
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::domain::channel::Channel;
use crate::domain::timestamp::Timestamp;
use crate::formats::button::envelope::Envelope;
use crate::formats::button::{Decoded, decode, shown};
use crate::ports::{Meter, Queue};

/// More than any button sends.
const PAYLOAD_BYTES: usize = 8 * 1024;

/// Between two tries to reach the broker, at first and at most.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Between two tries to put a press on the queue.
const QUEUE_PAUSE: Duration = Duration::from_secs(1);

/// How long the broker is told goodbye.
const GOODBYE: Duration = Duration::from_secs(1);

/// What the loop works with.
pub struct Mqtt {
    client: AsyncClient,
    events: EventLoop,
    topics: Vec<String>,
    queue: Arc<dyn Queue>,
    metrics: Arc<dyn Meter>,
    /// What was said of the broker's being away: once, and not again until it was there or something else is wrong.
    away: Option<String>,
    connected_at: Option<Instant>,
}

impl Mqtt {
    /// `client_id` must be this program's alone, and the same at every start.
    pub fn new(
        settings: &MqttSettings,
        client_id: String,
        queue: Arc<dyn Queue>,
        metrics: Arc<dyn Meter>,
    ) -> anyhow::Result<Self> {
        let options = settings.options(client_id).context("the broker's certificates")?;
        // Room for all that a broker sends before it waits for an acknowledgement.
        let (client, events) = AsyncClient::new(options, 1_024);
        Ok(Self { client, events, topics: settings.topics.clone(), queue, metrics, away: None, connected_at: None })
    }
}

/// Takes presses until `stop` says so. A broker that is away is looked for until it is there.
pub async fn listen_until(mut mqtt: Mqtt, stop: CancellationToken) {
    let mut pause = FIRST_PAUSE;
    while !stop.is_cancelled() {
        let event = tokio::select! {
            () = stop.cancelled() => continue,
            event = mqtt.events.poll() => event,
        };
        match event {
            Ok(Event::Incoming(packet)) => mqtt.take(packet, &stop).await,
            Ok(Event::Outgoing(_)) => {}
            Err(error) => {
                // What came over the connection that broke comes again; acknowledged on the next one, it could stand for
                // something else.
                mqtt.events.state.events.clear();
                mqtt.tell_of(&error);
                // Only a connection that lasts ends the waiting: two programs of one client id throw each other out.
                if mqtt.connected_at.take().is_some_and(|at| at.elapsed() > LONGEST_PAUSE) {
                    pause = FIRST_PAUSE;
                }
                let _ = tokio::time::timeout(jittered(pause), stop.cancelled()).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
    mqtt.say_goodbye().await;
}

impl Mqtt {
    async fn take(&mut self, packet: Packet, stop: &CancellationToken) {
        match packet {
            Packet::ConnAck(_) => {
                (self.away, self.connected_at) = (None, Some(Instant::now()));
                tracing::info!(topics = self.topics.join(" "), "connected to the MQTT broker");
                let topics = self.topics.iter().map(|topic| SubscribeFilter::new(topic.clone(), QoS::AtLeastOnce));
                if let Err(error) = self.client.try_subscribe_many(topics) {
                    tracing::error!(%error, "the topics are not subscribed to");
                }
            }
            Packet::SubAck(answer) => {
                let refused = self.topics.iter().zip(&answer.return_codes);
                for (topic, _) in refused.filter(|(_, code)| **code == SubscribeReasonCode::Failure) {
                    tracing::error!(topic, "the MQTT broker refuses this topic; see what its access list allows");
                }
            }
            Packet::Publish(publish) => {
                if self.keep(&publish, stop).await
                    && let Err(error) = self.client.try_ack(&publish)
                {
                    // It comes again, and is known again.
                    tracing::warn!(%error, "a press is not acknowledged");
                }
            }
            _ => {}
        }
    }

    /// Puts a press on the queue, however long that takes; whether it was done with when the program was to stop.
    async fn keep(&mut self, publish: &Publish, stop: &CancellationToken) -> bool {
        // What a broker keeps for newcomers was pressed some time ago, if it ever was.
        if publish.retain {
            return true;
        }
        let topic = publish.topic.clone();
        // The broker remembers what was subscribed to at earlier starts.
        if !self.topics.iter().any(|filter| settings::matches(filter, &topic)) {
            return true;
        }
        if publish.payload.len() > PAYLOAD_BYTES {
            tracing::warn!(topic = shown(&topic), bytes = publish.payload.len(), "too large for a button; thrown away");
            return true;
        }
        let envelope = Envelope { topic, payload: publish.payload.to_vec(), received_at: Timestamp::now() };
        if decode(&envelope) == Ok(Decoded::NotAPress) {
            return true;
        }
        let body = envelope.write();
        loop {
            match self.queue.send(vec![body.clone()]).await {
                Ok(()) => {
                    self.metrics.accepted(Channel::Button, 1);
                    return true;
                }
                Err(unavailable) => tracing::error!(%unavailable, "a press is put on the queue in a moment"),
            }
            if stop.is_cancelled() {
                return false;
            }
            let _ = tokio::time::timeout(QUEUE_PAUSE, stop.cancelled()).await;
        }
    }

    fn tell_of(&mut self, error: &ConnectionError) {
        let told = error.to_string();
        if self.away.as_ref() == Some(&told) {
            tracing::debug!(%error, "the MQTT broker is still away");
        } else {
            tracing::warn!(%error, "the MQTT broker cannot be reached; it is tried again until it is there");
            self.away = Some(told);
        }
    }

    /// So that the broker knows at once, and what was acknowledged last is on its way.
    async fn say_goodbye(&mut self) {
        if self.client.try_disconnect().is_ok() {
            let goodbye = async { while self.events.poll().await.is_ok() {} };
            let _ = tokio::time::timeout(GOODBYE, goodbye).await;
        }
    }
}

/// Half of it at least, so that not all programs come back at once.
fn jittered(pause: Duration) -> Duration {
    let mut byte = [0];
    getrandom::fill(&mut byte).expect("the operating system gives random bytes");
    pause.mul_f64(0.5 + f64::from(byte[0]) / 512.0)
}
