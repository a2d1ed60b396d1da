//! Receives button presses from an MQTT broker and puts them on the queue.
//!
//! No press at QoS 1 is lost: a message is acknowledged only after it is stored on the queue, and the broker keeps the
//! session, with unacknowledged messages, while the program is stopped.
//!
//! Acknowledgements are written to the connection before the next messages are read from it. The client's own channel
//! for them is bounded, and is read more slowly than messages arrive. An acknowledgement that is lost there makes the
//! broker deliver an old press again, as if the button had just been pressed.

mod failures;
mod settings;

use self::failures::Failures;
pub use self::settings::{DEFAULT_TOPICS, InvalidBrokerUrl, MqttSettings, is_topic_filter};

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use rumqttc::{
    AsyncClient, ConnectionError, Event, EventLoop, Packet, PubAck, Publish, QoS, SubscribeFilter, SubscribeReasonCode,
};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use crate::domain::channel::Channel;
use crate::domain::clock;
use crate::formats::button::message::ButtonMessage;
use crate::formats::button::{Decoded, decode, is_of_bridge, printable_topic};
use crate::ports::{Meter, Queue};

/// Maximum size of a message that is processed. No supported button sends as much.
const MAX_PAYLOAD_BYTES: usize = 8 * 1024;

/// Delay after the first failed connection to the broker. It doubles with each further failure, up to [`MAX_BACKOFF`].
const INITIAL_BACKOFF: Duration = Duration::from_secs(1);
/// Maximum delay between two attempts to connect to the broker.
const MAX_BACKOFF: Duration = Duration::from_secs(60);

/// Delay between attempts to put a press on the queue.
const QUEUE_RETRY_DELAY: Duration = Duration::from_secs(1);

/// Time limit for sending packets to the broker.
const SEND_TIMEOUT: Duration = Duration::from_secs(5);

/// How long to wait at shutdown until the broker has read the last acknowledgements.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(3);

/// Capacity of the MQTT client's request channel. It is used only for the subscription after each connection.
const REQUEST_CAPACITY: usize = 8;

/// Number of topics that are logged once each because their messages are discarded. Messages of further topics are logged every
/// time.
const MAX_REPORTED_TOPICS: usize = 1_000;

/// Receives button presses from one broker.
pub struct MqttListener {
    client: AsyncClient,
    event_loop: EventLoop,
    topics: Vec<String>,
    queue: Arc<dyn Queue>,
    metrics: Arc<dyn Meter>,
    client_id: String,
    failures: Failures,
    connected_at: Option<Instant>,
    /// The topics that were logged because their messages are discarded.
    reported_topics: HashSet<String>,
}

/// What to do with a message after it was handled.
enum Handled {
    Acknowledge,
    /// Leave the message unacknowledged, because the program is stopping. The broker delivers it again after the next
    /// start.
    Redeliver,
}

impl MqttListener {
    /// `client_id` must be unique among the broker's clients, and must be the same at every start, because it
    /// identifies the broker's session.
    pub fn new(
        settings: &MqttSettings,
        client_id: String,
        queue: Arc<dyn Queue>,
        metrics: Arc<dyn Meter>,
    ) -> anyhow::Result<Self> {
        let options = settings.options(client_id.clone()).context("cannot use the certificates for the broker")?;
        let (client, event_loop) = AsyncClient::new(options, REQUEST_CAPACITY);
        let topics = settings.topics.clone();
        Ok(Self {
            client,
            event_loop,
            topics,
            queue,
            metrics,
            client_id,
            failures: Failures::default(),
            connected_at: None,
            reported_topics: HashSet::new(),
        })
    }
}

/// Receives presses until `stop` is cancelled. While the broker is unreachable, retries without a limit.
pub async fn listen_until(mut listener: MqttListener, stop: CancellationToken) {
    let mut backoff = INITIAL_BACKOFF;
    while !stop.is_cancelled() {
        let handled = tokio::select! {
            () = stop.cancelled() => continue,
            event = listener.event_loop.poll() => listener.handle(event, &stop).await,
        };
        if let Err(error) = handled {
            // The broker sends the messages of the broken connection again. On the next connection, a packet id may
            // belong to another message, so acknowledging a message of the broken connection could lose that one.
            listener.event_loop.clean();
            listener.event_loop.state.events.clear();
            let held_for = listener.connected_at.take().map(|at| at.elapsed());
            // A short connection does not reset the backoff. Otherwise two programs with the same client id would
            // disconnect each other about once a second.
            if held_for.is_some_and(|time| time > MAX_BACKOFF) {
                backoff = INITIAL_BACKOFF;
                listener.failures.forget();
            }
            let was_short = held_for.is_some_and(|time| time <= MAX_BACKOFF);
            listener.failures.log(&error, was_short, &listener.client_id);
            let _ = timeout(with_jitter(backoff), stop.cancelled()).await;
            backoff = (backoff * 2).min(MAX_BACKOFF);
        }
    }
    listener.disconnect().await;
}

impl MqttListener {
    async fn handle(
        &mut self,
        event: Result<Event, ConnectionError>,
        stop: &CancellationToken,
    ) -> Result<(), ConnectionError> {
        let Event::Incoming(packet) = event? else { return Ok(()) };
        match packet {
            Packet::ConnAck(_) => {
                self.connected_at = Some(Instant::now());
                // It would be said again and again.
                if !self.failures.is_clash() {
                    tracing::info!(topics = self.topics.join(" "), "connected to the MQTT broker");
                }
                let topics = self.topics.iter().map(|topic| SubscribeFilter::new(topic.clone(), QoS::AtLeastOnce));
                if let Err(error) = self.client.try_subscribe_many(topics) {
                    tracing::error!(%error, "MQTT subscription failed");
                }
            }
            Packet::SubAck(answer) => {
                let results = self.topics.iter().zip(&answer.return_codes);
                for (topic, _) in results.filter(|(_, code)| **code == SubscribeReasonCode::Failure) {
                    tracing::error!(topic, "the MQTT broker rejected the topic; check its access control list");
                }
            }
            Packet::Publish(message) => match self.enqueue(&message, stop).await {
                Handled::Acknowledge if message.qos == QoS::AtMostOnce => {}
                Handled::Acknowledge => self.send(Packet::PubAck(PubAck::new(message.pkid))).await?,
                Handled::Redeliver => {}
            },
            _ => {}
        }
        // The acknowledgements of all messages that were read together are sent together.
        if self.event_loop.state.events.is_empty() { self.flush().await } else { Ok(()) }
    }

    /// Writes a packet to the connection's buffer.
    async fn send(&mut self, packet: Packet) -> Result<(), ConnectionError> {
        let Some(network) = &mut self.event_loop.network else { return Ok(()) };
        Ok(timeout(SEND_TIMEOUT, network.write(packet)).await.map_err(|_| ConnectionError::FlushTimeout)??)
    }

    /// Sends the connection's buffer to the broker.
    async fn flush(&mut self) -> Result<(), ConnectionError> {
        let Some(network) = &mut self.event_loop.network else { return Ok(()) };
        Ok(timeout(SEND_TIMEOUT, network.flush()).await.map_err(|_| ConnectionError::FlushTimeout)??)
    }

    /// Puts a press on the queue, and retries until it succeeds or the program stops. Ignores all other messages.
    async fn enqueue(&mut self, message: &Publish, stop: &CancellationToken) -> Handled {
        // A retained message is not a new press.
        if message.retain {
            return Handled::Acknowledge;
        }
        let topic = message.topic.clone();
        if !self.topics.iter().any(|filter| settings::filter_matches(filter, &topic)) {
            self.report_unmatched(&topic);
            return Handled::Acknowledge;
        }
        let bytes = message.payload.len();
        if bytes > MAX_PAYLOAD_BYTES {
            if !is_of_bridge(&topic) && self.is_first_report(&topic) {
                tracing::warn!(
                    topic = printable_topic(&topic),
                    bytes,
                    "MQTT messages discarded; they are too large for a button press"
                );
            }
            return Handled::Acknowledge;
        }
        let envelope = ButtonMessage { topic, payload: message.payload.to_vec(), received_at: clock::now() };
        if decode(&envelope) == Ok(Decoded::NotAPress) {
            return Handled::Acknowledge;
        }
        let body = envelope.write();
        loop {
            match self.queue.send(vec![body.clone()]).await {
                Ok(()) => {
                    self.metrics.accepted(Channel::Button, 1);
                    return Handled::Acknowledge;
                }
                Err(unavailable) => tracing::error!(%unavailable, "button press not queued; retrying in 1 s"),
            }
            if stop.is_cancelled() {
                return Handled::Redeliver;
            }
            let _ = timeout(QUEUE_RETRY_DELAY, stop.cancelled()).await;
        }
    }

    /// Logs a message that no configured filter matches. The broker's session may still contain subscriptions to topics
    /// that are no longer configured.
    fn report_unmatched(&mut self, topic: &str) {
        if self.is_first_report(topic) {
            tracing::warn!(
                topic = printable_topic(topic),
                "MQTT messages discarded: no --mqtt-topic matches this topic; was it configured before?"
            );
        }
    }

    /// Whether nothing was logged about a topic. Remembers that something is logged now.
    fn is_first_report(&mut self, topic: &str) -> bool {
        if self.reported_topics.contains(topic) {
            return false;
        }
        if self.reported_topics.len() < MAX_REPORTED_TOPICS {
            self.reported_topics.insert(topic.to_owned());
        }
        true
    }

    /// Closes the connection. The broker delivers the messages that were not handled after the next start.
    async fn disconnect(&mut self) {
        let close = async {
            self.send(Packet::Disconnect).await?;
            self.flush().await?;
            // The broker closes the connection after it has read all acknowledgements. Only then it is safe to connect
            // again: a new connection would make the broker close this one, and ignore what it has not read.
            loop {
                self.event_loop.poll().await?;
            }
        };
        let closed: Result<Result<(), ConnectionError>, _> = timeout(CLOSE_TIMEOUT, close).await;
        if closed.is_err() {
            tracing::warn!("the MQTT broker may not have read the last acknowledgements; it may deliver presses again");
        }
    }
}

/// Returns a random duration between half of `delay` and `delay`, so that not all programs reconnect at the same time.
fn with_jitter(delay: Duration) -> Duration {
    let mut byte = [0];
    getrandom::fill(&mut byte).expect("the operating system provides random bytes");
    delay.mul_f64(0.5 + f64::from(byte[0]) / 512.0)
}
