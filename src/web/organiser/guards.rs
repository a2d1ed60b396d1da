//! What holds messages back, and how much of it is spent.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::ports::Unavailable;
use crate::postman::Spent;
use crate::timestamp::Timestamp;
use crate::web::App;
use crate::web::organiser::Organiser;
use crate::web::problem::Problem;

/// Null where this server tells nobody.
#[derive(Serialize, ToSchema)]
pub struct GuardsBody {
    pub confirmations: Option<BudgetBody>,
    /// Null where no text messages go out.
    pub texts: Option<TextsBody>,
}

/// Owners of addresses asked in this hour, or texts of this day (UTC) or a kind of them. What is above the limit is held back.
#[derive(Serialize, ToSchema)]
pub struct BudgetBody {
    pub spent: u64,
    pub limit: u64,
}

#[derive(Serialize, ToSchema)]
pub struct TextsBody {
    #[serde(flatten)]
    pub budget: BudgetBody,
    /// Questions and links among them, which anybody can set off.
    pub answers: BudgetBody,
    /// To which texts go, and no others.
    #[schema(example = json!(["+49", "+1"]))]
    pub calling_codes: Vec<String>,
    /// Hours of the day and a time zone.
    #[schema(example = "8-21 Europe/Berlin")]
    pub daytime: String,
}

impl BudgetBody {
    fn of(Spent { spent, limit }: Spent) -> Self {
        Self { spent, limit }
    }
}

/// What holds messages back, and how much of it is spent.
#[utoipa::path(
    get, path = "/organiser/guards", operation_id = "showGuards", tag = "organiser", security(("organiser" = [])),
    responses(
        (status = 200, body = GuardsBody),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn show(State(app): State<Arc<App>>, _organiser: Organiser) -> Result<Json<GuardsBody>, Problem> {
    Ok(Json(look(&app).await?))
}

pub async fn look(app: &App) -> Result<GuardsBody, Unavailable> {
    let Some(watch) = &app.guards else { return Ok(GuardsBody { confirmations: None, texts: None }) };
    let now = Timestamp::now();
    let texts = watch.texted(now).await?.map(|(guard, spent, answers)| TextsBody {
        budget: BudgetBody::of(spent),
        answers: BudgetBody::of(answers),
        calling_codes: guard.calling_codes.clone(),
        daytime: guard.daytime.to_string(),
    });
    Ok(GuardsBody { confirmations: Some(BudgetBody::of(watch.asked(now).await?)), texts })
}
