//! By which way a sign-up came.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::invalid::FieldProblem;

/// By which way a sign-up came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    Http,
    Cli,
    Button,
    Alexa,
    Queue,
    Import,
}

impl Channel {
    /// The choices, as an error lists them.
    const CHOICES: &'static str = "`http`, `cli`, `button`, `alexa`, `queue` and `import`";

    pub const ALL: [Self; 6] = [Self::Http, Self::Cli, Self::Button, Self::Alexa, Self::Queue, Self::Import];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Cli => "cli",
            Self::Button => "button",
            Self::Alexa => "alexa",
            Self::Queue => "queue",
            Self::Import => "import",
        }
    }

    pub fn parse(text: &str) -> Result<Self, FieldProblem> {
        let found = Self::ALL.into_iter().find(|channel| channel.as_str() == text);
        found.ok_or(FieldProblem::NotAChoice { choices: Self::CHOICES })
    }
}
