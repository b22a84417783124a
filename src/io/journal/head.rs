//! How far a decision journal goes. Stored elsewhere, it reveals lines that were cut off the end.

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Head {
    pub service: String,
    pub decisions: u64,
    #[serde(rename = "head")]
    pub hash: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_called_on_disk_as_it_always_was() {
        let head = Head { service: "shop".to_owned(), decisions: 2, hash: "c0ffee".to_owned() };
        let written = r#"{"service":"shop","decisions":2,"head":"c0ffee"}"#;
        assert_eq!(serde_json::to_string(&head).unwrap(), written);
        assert_eq!(serde_json::from_str::<Head>(written).unwrap(), head);
    }
}
