//! The interleaving in which a promise broke: the picture, and the same steps as a list.

use base64::{Engine, prelude::BASE64_STANDARD};

use crate::{
    model::interleaving::Interleaving,
    render::interleaving::{in_words, legend, sign, svg},
};

/// A picture of an interleaving, ready for the page.
#[derive(Debug, Clone)]
pub(in crate::render) struct Witness {
    pub(in crate::render) title: String,
    /// The picture as a data URL. The style sheet of an image does not affect the page.
    pub(in crate::render) source: String,
    pub(in crate::render) words: String,
    pub(in crate::render) steps: Vec<String>,
    pub(in crate::render) legend: String,
    pub(in crate::render) ledger: String,
    pub(in crate::render) why: String,
}

/// The picture and its text.
pub(in crate::render) fn witness_figure(interleaving: &Interleaving) -> Witness {
    let svg = svg::render(interleaving);
    let steps = interleaving.steps.iter().map(|step| {
        let who = step.actor.map_or(String::new(), |who| format!("{who}: "));
        let told = step.told.as_ref();
        let told = told.map_or(String::new(), |told| format!(", told {told}"));
        format!("{who}{}{told} {}", step.text(), sign(step.mark))
    });
    Witness {
        title: interleaving.title.clone(),
        source: format!("data:image/svg+xml;base64,{}", BASE64_STANDARD.encode(svg)),
        words: in_words(interleaving),
        steps: steps.map(|step| step.trim_end().to_owned()).collect(),
        legend: legend(interleaving).join(" · "),
        ledger: interleaving.ledger.clone(),
        why: interleaving.why.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::interleaving::example;

    #[test]
    fn the_picture_is_part_of_the_page_and_has_a_text() {
        let mut picture = example();
        picture.title = "<naive> \"&".to_owned();
        let witness = witness_figure(&picture);
        let encoded = witness.source.strip_prefix("data:image/svg+xml;base64,");
        let bytes = encoded.and_then(|text| BASE64_STANDARD.decode(text).ok());
        assert_eq!(bytes, Some(svg::render(&picture).into_bytes()));
        assert_eq!(witness.steps.len(), picture.steps.len());
        assert_eq!(witness.steps[4], "u1: INSERT coupon, told issued ✗");
        assert!(witness.words.contains("here it broke"));
    }
}
