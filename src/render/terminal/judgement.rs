//! The verdict of a run as a block that one sees from the back of the room.

use super::layout::Page;
use crate::{
    model::report::Run,
    render::judgement::{lines, tone},
    text::format::clean,
};

/// The block of one run; `whose` names it where there are several.
pub(super) fn write(page: &mut Page, run: &Run, limit: u64, whose: Option<&str>) {
    let tone = tone(run);
    let prefix = whose.map_or(String::new(), |whose| format!("{}: ", clean(whose)));
    for (index, line) in lines(page.style, run, limit).into_iter().enumerate() {
        let line = if index == 0 {
            prefix.clone() + &line
        } else {
            line
        };
        page.barred(tone, &line);
    }
}
