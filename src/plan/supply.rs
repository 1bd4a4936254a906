//! The supply side as flat lists: facilities by good, designers at facilities, recipes, tools, and the rules between them.

use crate::inputs::Inputs;
use crate::model::{
    Amount, ChipId, CountryId, DesignerId, FacilityId, GoodId, GoodKind, IdVec, Model, Part, QuantityId,
    StockpileId, ToolId,
};
use crate::rules::{CaseId, Rulebook};

/// Facilities by good, designers at facilities, and the rules between them.
#[derive(Clone, Debug)]
pub struct Supply {
    /// Facilities that make each good.
    pub facilities_of: IdVec<GoodId, Vec<FacilityId>>,
    /// Links of designers to facilities: every pair that may do business.
    pub links: Vec<Link>,
    /// Links of each designer, by good: indices into `links`.
    pub links_of: IdVec<DesignerId, IdVec<GoodId, Vec<usize>>>,
    /// Chips of each designer that can be made.
    pub chips_of: IdVec<DesignerId, Vec<ChipId>>,
    /// Goods that each chip needs.
    pub goods_of: IdVec<ChipId, Vec<GoodId>>,
    /// What a chip needs at each facility, by chip: a line for each good.
    pub lines_of: IdVec<ChipId, Vec<Line>>,
    /// How many needs there are.
    pub needs: usize,
    /// For each designer, its chips that use each packaging good, with the good's place in their recipes.
    pub packagings: IdVec<DesignerId, Vec<(GoodId, Users)>>,
    /// Goods that each designer's chips need, in order of rows.
    pub needed: IdVec<DesignerId, Vec<GoodId>>,
    /// Chips in dies of which private stocks are counted.
    pub stocked_dies: IdVec<ChipId, bool>,
    /// The packaging good that a chip's launch ramp limits.
    pub packaging_of: IdVec<ChipId, Option<GoodId>>,
    /// Cases of the rules on tools: (facility, tool, supplier) in order of facilities and tools.
    pub tools: IdVec<FacilityId, Vec<ToolCases>>,
    /// For each stockpile, the goods rules from each source facility.
    pub stockpile_sources: IdVec<StockpileId, Vec<(FacilityId, CaseId)>>,
    /// Facilities that answer to scarcity of their goods, with the places of their links.
    pub answering: Vec<(FacilityId, Vec<usize>)>,
    /// Whether any chip has companion silicon.
    pub companions: bool,
}

/// Chips that use a good, with its place in their recipes.
pub type Users = Vec<(ChipId, usize)>;

/// A good that a chip needs.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// The good.
    pub good: GoodId,
    /// How much of it goes into the chip itself.
    pub amount: Option<Amount>,
    /// Area of companion silicon \[mm2\].
    pub companion: Option<QuantityId>,
    /// Place of the first of its needs, one for each facility of the good.
    pub base: usize,
}

/// A designer at a facility.
#[derive(Clone, Copy, Debug)]
pub struct Link {
    /// The designer.
    pub designer: DesignerId,
    /// The facility.
    pub facility: FacilityId,
    /// Its place among the facilities of its good.
    pub place: usize,
    /// Rules on having chips made there.
    pub foundry: CaseId,
    /// Rules on buying the good.
    pub goods: CaseId,
    /// What the designer claims of the facility's output, if it does.
    pub claim: Option<QuantityId>,
}

/// Rules on one tool class at one facility.
#[derive(Clone, Debug)]
pub struct ToolCases {
    /// The tool class, by its row.
    pub tool: ToolId,
    /// Suppliers' countries with the rules on sales and on servicing.
    pub suppliers: Vec<(CountryId, CaseId, CaseId)>,
}

impl Supply {
    /// Lays out the supply side; cases of its links are made in `rules`.
    pub(super) fn new(model: &Model, rules: &mut Rulebook, medians: &Inputs) -> Self {
        let mut facilities_of = model.goods.filled(Vec::new());
        for (id, facility) in model.facilities.iter_enumerated() {
            facilities_of[facility.good].push(id);
        }
        let goods_of = model.chips.map(|chip| chip.parts().map(|part| part.good).collect::<Vec<GoodId>>());
        let packaging_of =
            goods_of.map(|goods| goods.iter().copied().find(|g| model.goods[*g].kind == GoodKind::Packaging));
        let mut chips_of = model.designers.filled(Vec::new());
        for (id, chip) in model.chips.iter_enumerated().filter(|(_, chip)| chip.is_sold()) {
            chips_of[chip.designer].push(id);
        }
        let mut links = Vec::new();
        let mut links_of = model.designers.filled(model.goods.filled(Vec::new()));
        for (designer, chips) in chips_of.iter_enumerated() {
            for good in needed_goods(model, chips) {
                for (place, &facility) in facilities_of[good].iter().enumerate() {
                    let serves = &model.facilities[facility].serves;
                    if serves.is_empty() || serves.contains(&designer) {
                        links_of[designer][good].push(links.len());
                        links.push(Link {
                            designer,
                            facility,
                            place,
                            foundry: rules.foundry_case(facility, designer, medians),
                            goods: rules.goods_case(facility, designer, medians),
                            claim: model.designers[designer].claims.get(&facility).copied(),
                        });
                    }
                }
            }
        }
        let tools = model.facilities.map_ids(|facility| tool_cases(model, rules, medians, facility));
        let stockpile_sources = model
            .stockpiles
            .map(|s| s.from.iter().map(|&f| (f, rules.goods_case(f, s.designer, medians))).collect());
        let (recipe_lines, needs) = lines(model, &facilities_of);
        let packagings = chips_of.map(|chips| packagings(model, chips, &packaging_of, &goods_of));
        let needed = chips_of.map(|chips| needed_goods(model, chips));
        let mut stocked_dies = model.chips.filled(false);
        for chip in model.stockpiles.iter().filter_map(|s| s.dies_of) {
            stocked_dies[chip] = true;
        }
        let answering = answering(model, &links);
        Self {
            facilities_of,
            links,
            links_of,
            chips_of,
            goods_of,
            lines_of: recipe_lines,
            needs,
            packagings,
            needed,
            stocked_dies,
            packaging_of,
            tools,
            stockpile_sources,
            answering,
            companions: model.chips.iter().any(|c| !c.companions.is_empty()),
        }
    }
}

/// Facilities that may add capacity where their goods are scarce, with the places of their links.
fn answering(model: &Model, links: &[Link]) -> Vec<(FacilityId, Vec<usize>)> {
    let of = |f: FacilityId| (0..links.len()).filter(|&l| links[l].facility == f).collect();
    let all = model.facilities.ids().filter(|f| model.facilities[*f].answers(model));
    all.map(|f| (f, of(f))).collect()
}

/// Lines of every chip's recipe, and how many needs they have in all.
fn lines(model: &Model, facilities_of: &IdVec<GoodId, Vec<FacilityId>>) -> (IdVec<ChipId, Vec<Line>>, usize) {
    let mut needs = 0;
    let lines = model.chips.map(|chip| {
        let line = |part: Part| {
            let base = needs;
            needs += facilities_of[part.good].len();
            Line { good: part.good, amount: part.amount, companion: part.companion, base }
        };
        chip.parts().map(line).collect()
    });
    (lines, needs)
}

/// Packaging goods in order of rows, with the chips of a designer that use each.
fn packagings(
    model: &Model,
    chips: &[ChipId],
    packaging_of: &IdVec<ChipId, Option<GoodId>>,
    goods_of: &IdVec<ChipId, Vec<GoodId>>,
) -> Vec<(GoodId, Users)> {
    let users = |g: GoodId| -> Users {
        let packaged = chips.iter().filter(|c| packaging_of[**c] == Some(g));
        let place =
            |c: ChipId| goods_of[c].iter().position(|&x| x == g).expect("its packaging is in its recipe");
        packaged.map(|&c| (c, place(c))).collect()
    };
    model.goods.ids().map(|g| (g, users(g))).filter(|(_, users)| !users.is_empty()).collect()
}

/// Goods that a designer's chips need, in order of rows.
fn needed_goods(model: &Model, chips: &[ChipId]) -> Vec<GoodId> {
    let mut goods: Vec<GoodId> =
        chips.iter().flat_map(|c| model.chips[*c].parts().map(|part| part.good)).collect();
    goods.sort_unstable();
    goods.dedup();
    goods
}

fn tool_cases(model: &Model, rules: &mut Rulebook, medians: &Inputs, facility: FacilityId) -> Vec<ToolCases> {
    let f = &model.facilities[facility];
    let mut tools: Vec<_> = f.dependence.keys().chain(f.servicing.keys()).copied().collect();
    tools.sort_unstable();
    tools.dedup();
    tools
        .into_iter()
        .map(|tool| ToolCases {
            tool,
            suppliers: model.tools[tool]
                .suppliers
                .keys()
                .map(|&j| {
                    let sales = rules.tool_case(tool, j, facility, medians);
                    (j, sales, rules.servicing_case(tool, j, facility, medians))
                })
                .collect(),
        })
        .collect()
}
