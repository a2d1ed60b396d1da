//! What holds messages back, and how much of it is spent.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use crate::domain::timestamp::Timestamp;
use crate::http::App;
use crate::http::bodies::BudgetBody;
use crate::http::bodies::GuardsBody;
use crate::http::bodies::TextsBody;
use crate::http::problem::Problem;
use crate::http::routes::organiser::Organiser;
use crate::notify::Spent;
use crate::ports::Unavailable;

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
    let Some(limits) = &app.limits else { return Ok(GuardsBody { confirmations: None, texts: None }) };
    let now = Timestamp::now();
    let texts = limits.texts(&*app.backend.budgets, now).await?.map(|(guard, spent, answers)| TextsBody {
        budget: BudgetBody::of(spent),
        answers: BudgetBody::of(answers),
        calling_codes: guard.calling_codes.clone(),
        daytime: guard.daytime.to_string(),
    });
    Ok(GuardsBody { confirmations: Some(BudgetBody::of(limits.opt_ins(&*app.backend.budgets, now).await?)), texts })
}
