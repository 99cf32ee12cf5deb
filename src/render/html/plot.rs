//! A plot as SVG, drawn with plotters for a wide and for a narrow page. It has axes, lines and areas.
//!
//! The style sheet replaces each colour by a variable, so that dark pages and printed pages have colours of their own.

use std::{error::Error, ops::Range};

use plotters::{
    chart::{ChartBuilder, ChartContext},
    coord::{
        Shift,
        ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter},
        types::RangedCoordf64,
    },
    prelude::{
        AreaSeries, Cartesian2d, Color, DrawingArea, IntoDrawingArea, LineSeries, RGBColor,
        SVGBackend, Text,
    },
    style::{
        FontFamily, IntoFont, TextStyle,
        text_anchor::{HPos, Pos, VPos},
    },
};

/// Plotters writes whole numbers as coordinates. A drawing at twice its size has smooth curves.
const SCALE: u32 = 2;

/// Colours of lines that a reader can distinguish.
pub(super) const COLORS: [RGBColor; 6] = [
    RGBColor(0x00, 0x72, 0xB2),
    RGBColor(0xD5, 0x5E, 0x00),
    RGBColor(0x00, 0x9E, 0x73),
    RGBColor(0xCC, 0x79, 0xA7),
    RGBColor(0xB5, 0x89, 0x00),
    RGBColor(0x56, 0xB4, 0xE9),
];
pub(super) const SURPLUS: RGBColor = RGBColor(0xCF, 0x22, 0x2E);
const INK: RGBColor = RGBColor(0x57, 0x60, 0x6A);
const GRID: RGBColor = RGBColor(0xD8, 0xDE, 0xE4);

/// A picture's size in pixels, and that of its text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    width: u32,
    height: u32,
    font: u32,
    /// The part of the axis below that a label needs.
    label: f64,
}

/// For a page with room.
pub(super) const WIDE: Size = Size {
    width: 560,
    height: 270,
    font: 13,
    label: 0.11,
};

/// For a phone.
pub(super) const NARROW: Size = Size {
    width: 340,
    height: 280,
    font: 13,
    label: 0.2,
};

/// An axis with its labels.
#[derive(Debug, Clone)]
pub(super) struct Axis {
    pub(super) title: &'static str,
    pub(super) range: Range<f64>,
    /// Positions and texts of the labels.
    pub(super) ticks: Vec<(f64, String)>,
}

/// A curve.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) points: Vec<(f64, f64)>,
    pub(super) color: RGBColor,
    /// A label on the curve, which identifies it without its colour.
    pub(super) label: String,
}

/// The area between a curve and a height.
#[derive(Debug, Clone)]
pub(super) struct Area {
    pub(super) points: Vec<(f64, f64)>,
    pub(super) from: f64,
    pub(super) color: RGBColor,
}

/// All parts of a plot.
#[derive(Debug, Clone)]
pub(super) struct Plot {
    pub(super) x: Axis,
    pub(super) y: Axis,
    pub(super) areas: Vec<Area>,
    pub(super) lines: Vec<Line>,
    /// A horizontal line and its label.
    pub(super) rule: Option<(f64, String)>,
}

/// The reason why a plot could not be drawn.
pub(super) type DrawError = Box<dyn Error + Send + Sync>;

type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<Axis, Axis>>;

/// Labels at the positions of the axis alone.
impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        RangedCoordf64::from(self.range.clone()).map(value, limit)
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        if hint.weight().allow_light_points() {
            return Vec::new();
        }
        self.ticks.iter().map(|(at, _)| *at).collect()
    }

    fn range(&self) -> Range<f64> {
        self.range.clone()
    }
}

impl ValueFormatter<f64> for Axis {
    #[expect(
        clippy::float_cmp,
        reason = "plotters hands back the number it was given"
    )]
    fn format_ext(&self, value: &f64) -> String {
        let tick = self.ticks.iter().find(|(at, _)| at == value);
        tick.map_or(String::new(), |(_, text)| text.clone())
    }
}

impl Axis {
    /// Removes labels that would overlap the label before, if each label takes this part of the axis.
    fn thinned(&self, part: f64) -> Self {
        let room = (self.range.end - self.range.start) * part;
        let mut ticks: Vec<(f64, String)> = Vec::new();
        for tick in &self.ticks {
            if ticks.last().is_none_or(|(last, _)| tick.0 - last >= room) {
                ticks.push(tick.clone());
            }
        }
        Self {
            ticks,
            ..self.clone()
        }
    }
}

impl Plot {
    /// An SVG element.
    pub(super) fn draw(&self, size: Size) -> Result<String, DrawError> {
        let mut svg = String::new();
        {
            let pixels = (size.width * SCALE, size.height * SCALE);
            let root = SVGBackend::with_string(&mut svg, pixels).into_drawing_area();
            self.draw_on(&root, size)?;
            root.present()?;
        }
        Ok(svg)
    }

    fn draw_on(
        &self,
        root: &DrawingArea<SVGBackend<'_>, Shift>,
        size: Size,
    ) -> Result<(), DrawError> {
        let text = text(size);
        let em = size.font * SCALE;
        root.draw(&Text::new(self.y.title, (0, 0), text.clone()))?;
        let mut chart = ChartBuilder::on(root)
            .margin_top(em * 2)
            .margin_right(em * 5 / 2)
            .x_label_area_size(em * 3)
            .y_label_area_size(em * 5)
            .build_cartesian_2d(self.x.thinned(size.label), self.y.clone())?;
        chart
            .configure_mesh()
            .light_line_style(GRID.mix(0.0))
            .bold_line_style(GRID)
            .axis_style(INK)
            .label_style(text.clone())
            .x_desc(self.x.title)
            .draw()?;
        for area in &self.areas {
            let points = area.points.iter().copied();
            chart.draw_series(AreaSeries::new(points, area.from, area.color.mix(0.25)))?;
        }
        self.draw_rule(&mut chart, &text)?;
        for (index, line) in self.lines.iter().enumerate() {
            let style = line.color.stroke_width(2 * SCALE);
            chart.draw_series(LineSeries::new(line.points.iter().copied(), style))?;
            if let Some(at) = self.label_at(index) {
                let above = Pos::new(HPos::Center, VPos::Bottom);
                let style = text.color(&line.color).pos(above);
                chart.draw_series([Text::new(line.label.clone(), at, style)])?;
            }
        }
        Ok(())
    }

    fn draw_rule(&self, chart: &mut Chart<'_, '_>, text: &TextStyle<'_>) -> Result<(), DrawError> {
        let Some((height, says)) = &self.rule else {
            return Ok(());
        };
        let Range { start, end } = self.x.range;
        let ends = [(start, *height), (end, *height)];
        chart.draw_series(LineSeries::new(ends, INK.stroke_width(SCALE)))?;
        let above = text.pos(Pos::new(HPos::Left, VPos::Bottom));
        chart.draw_series([Text::new(says.clone(), (start, *height), above)])?;
        Ok(())
    }

    /// The labels of the lines at different positions, so that labels of equal lines do not overlap.
    fn label_at(&self, index: usize) -> Option<(f64, f64)> {
        let points = &self.lines[index].points;
        let place = points.len() * (index + 1) / (self.lines.len() + 1);
        points.get(place).or(points.last()).copied()
    }
}

fn text(size: Size) -> TextStyle<'static> {
    // Plotters subtracts a part of this size.
    let height = f64::from(size.font * SCALE) * 1.24;
    (FontFamily::SansSerif, height).into_font().color(&INK)
}
