//! Values that come from the environment: they are sent, and never shown.

use url::Url;

/// What no output may contain.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secrets(Vec<String>);

impl Secrets {
    /// Remembers a value. Of one that is a URL, the password is a secret by itself.
    pub fn add(&mut self, value: &str) {
        let password = Url::parse(value).ok();
        let password = password.as_ref().and_then(Url::password);
        for secret in password.into_iter().chain([value]) {
            if !secret.is_empty() && !self.0.iter().any(|known| known == secret) {
                self.0.push(secret.to_owned());
            }
        }
        // A secret that contains another one has to go first.
        self.0.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    }

    /// The text without them.
    pub fn mask(&self, text: &str) -> String {
        let masked = |text: String, secret: &String| text.replace(secret, "***");
        self.0.iter().fold(text.to_owned(), masked)
    }
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} secrets", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_goes_first_and_a_password_goes_alone() {
        let mut secrets = Secrets::default();
        secrets.add("key");
        secrets.add("key-of-mine");
        secrets.add("postgres://me:hunter2@db/shop");
        secrets.add("");
        assert_eq!(
            secrets.mask("key-of-mine, a key, hunter2@db"),
            "***, a ***, ***@db"
        );
    }
}
