use insta::assert_snapshot;

use super::{example, in_words, markdown, svg, terminal};
use crate::render::Style;

#[test]
fn on_a_terminal() {
    assert_snapshot!(terminal::render(&example(), Style::PLAIN));
}

#[test]
fn on_a_narrow_terminal_nothing_is_wider() {
    let mut picture = example();
    picture.actors.extend(picture.actors.clone());
    let style = Style {
        color: true,
        width: 60,
    };
    for line in terminal::render(&picture, style).lines() {
        let plain = console::strip_ansi_codes(line);
        assert!(textwrap::core::display_width(&plain) <= 60, "{line}");
    }
}

#[test]
fn as_markdown() {
    assert_snapshot!(markdown::render(&example()));
}

#[test]
fn as_svg() {
    assert_snapshot!(svg::render(&example()));
}

#[test]
fn text_cannot_break_out_of_markdown_or_xml() {
    let mut picture = example();
    picture.title = "a | b <script> & *c*".to_owned();
    picture.steps[0].name = "` | <x> & \u{1b}[2J".to_owned();
    let table = markdown::render(&picture);
    assert!(table.contains("a \\| b \\<script\\> & \\*c\\*"), "{table}");
    assert!(table.contains("`` ` \\| <x>"), "{table}");
    let drawing = svg::render(&picture);
    assert!(
        !drawing.contains("<script>") && !drawing.contains('\u{1b}'),
        "{drawing}"
    );
}

#[test]
fn the_text_has_all_steps_of_the_picture() {
    let words = in_words(&example());
    assert!(
        words.starts_with("1. u1: SELECT count(*) → 0 (no longer true"),
        "{words}"
    );
    assert!(
        words.contains("5. u1: INSERT coupon, told issued (here it broke)."),
        "{words}"
    );
}

#[test]
fn a_long_statement_stays_in_its_column() {
    let mut picture = example();
    picture.steps[0].name = "select c1_0.id,c1_0.event_id,c1_0.user_id from coupon c1_0 left join event e1_0 on e1_0.id=c1_0.event_id where e1_0.id=$1 order by c1_0.id".to_owned();
    picture.steps[3].name = format!("SET k {}", "x".repeat(200));
    let text = terminal::render(&picture, Style::PLAIN);
    for line in text.lines() {
        assert!(textwrap::core::display_width(line) <= 100, "{line}");
    }
    // The second column begins where its head is, in every line of its steps.
    let head = text.lines().find_map(|line| line.find("u2")).unwrap_or(0);
    let wrapped = text
        .lines()
        .filter(|line| line.trim_start().starts_with("xxx"));
    assert!(wrapped.clone().count() > 2, "{text}");
    for line in wrapped {
        assert_eq!(line.find('x'), Some(head + 2), "{text}");
    }
}
