//! Extracts the network of the client, which limits what the client can cause.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::domain::client_network::ClientNetwork;
use crate::http::App;
use crate::http::client::ClientAddress;

/// The network of the client. `None` if its address is not known.
pub struct Network(pub Option<ClientNetwork>);

impl FromRequestParts<Arc<App>> for Network {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Infallible> {
        let address = parts.extensions.get::<ClientAddress>();
        Ok(Self(address.map(|address| ClientNetwork::of(address.0, &app.token_secret))))
    }
}
