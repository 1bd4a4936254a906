//! What no single field can see: dates in order, circles, correlations that contradict, things that nothing uses.

use super::time::QUARTERS_PER_YEAR;
use super::{
    BuyerId, Chip, ChipId, DesignerId, GoodId, GoodKind, Lever, Model, Point, QuantityId, RuleId, Shape,
};
use crate::math::ln;
use crate::random::Copula;
use crate::scenario::limits::{DEPTH, LARGEST};
use crate::scenario::{Diagnostics, Document, Node, Place, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Checks a model that has been read without errors.
pub(super) fn validate(model: &Model, document: &Document, diagnostics: &mut Diagnostics) {
    let mut check = Check { model, document, diagnostics, rows: rows(document) };
    check.horizon();
    check.headline();
    check.chips();
    check.rules();
    check.facilities();
    check.recipes();
    check.companions();
    check.commitments();
    check.shocks();
    check.correlations();
    check.claims();
    check.demand();
    check.routes();
    check.series();
}

/// Rows by table and id.
fn rows(document: &Document) -> BTreeMap<(&str, &str), &Node> {
    let mut rows = BTreeMap::new();
    for entry in &document.root.entries {
        let Value::List(list) = &entry.node.value else { continue };
        for row in list {
            if let Some(id) = row.id() {
                rows.entry((entry.key.as_str(), id)).or_insert(row);
            }
        }
    }
    rows
}

/// For each row, whether it lies on a circle of rows that lead to one another, and how many rows it leads to.
fn chains(next: &[Option<usize>]) -> Vec<(bool, usize)> {
    const OPEN: usize = usize::MAX;
    let mut length: Vec<Option<usize>> = vec![None; next.len()];
    let mut circle = vec![false; next.len()];
    for start in 0..next.len() {
        let mut trail = Vec::new();
        let mut at = Some(start);
        while let Some(row) = at.filter(|&row| length[row].is_none()) {
            length[row] = Some(OPEN);
            trail.push(row);
            at = next[row];
        }
        if let Some(row) = at.filter(|&row| length[row] == Some(OPEN)) {
            let from = trail.iter().position(|r| *r == row).unwrap_or(trail.len());
            trail[from..].iter().for_each(|r| circle[*r] = true);
        }
        let mut behind = at.map(|row| length[row].filter(|l| *l != OPEN).map_or(0, |l| l + 1));
        for row in trail.into_iter().rev() {
            let own = behind.unwrap_or(0);
            length[row] = Some(own);
            behind = Some(own + 1);
        }
    }
    circle.into_iter().zip(length).map(|(circle, length)| (circle, length.unwrap_or(0))).collect()
}

struct Check<'a> {
    model: &'a Model,
    document: &'a Document,
    diagnostics: &'a mut Diagnostics,
    rows: BTreeMap<(&'a str, &'a str), &'a Node>,
}

impl Check<'_> {
    /// Place of a field, or of the row.
    fn place(&self, table: &str, id: &str, field: &str) -> Place {
        let Some(row) = self.rows.get(&(table, id)) else { return Place::default() };
        let Value::Table(t) = &row.value else { return row.place.clone() };
        let id_place = t.get("id").map_or_else(|| row.place.clone(), |n| n.place.clone());
        t.get(field).map_or(id_place, |n| n.place.clone())
    }

    fn error(&mut self, table: &str, id: &str, field: &str, message: String, label: &str) {
        let place = self.place(table, id, field);
        self.diagnostics.error(&place, message, label);
    }

    fn warn(&mut self, table: &str, id: &str, field: &str, message: String, label: &str) {
        let place = self.place(table, id, field);
        self.diagnostics.warn(&place, message, label);
    }

    /// Whom the headline names is there, unless an edit took it away.
    fn headline(&mut self) {
        let model = self.model;
        let of =
            |kind: &str, ids: Vec<&str>| ids.into_iter().map(|id| format!("{kind}.{id}")).collect::<Vec<_>>();
        let mut known: BTreeSet<String> = BTreeSet::new();
        known.extend(of("lab", model.labs.iter().map(|l| l.id.as_str()).collect()));
        known.extend(of("country", model.countries.iter().map(|c| c.id.as_str()).collect()));
        known.extend(of("group", model.groups.iter().map(|g| g.id.as_str()).collect()));
        known.insert("world".to_owned());
        let Some(Value::Table(run)) = self.document.root.get("run").map(|n| &n.value) else { return };
        let Some(Value::List(names)) = run.get("headline").map(|n| &n.value) else { return };
        for node in names {
            let Value::Text(name) = &node.value else { continue };
            if known.contains(name) || self.document.removed.contains(name) {
                continue;
            }
            let message = format!("`run.headline` names `{name}`, which the scenario does not have");
            let d = self.diagnostics.error(&node.place, message, "a lab, a country, a group or `world`");
            d.suggest(name, known.iter().map(String::as_str));
        }
    }

    fn horizon(&mut self) {
        let run = &self.model.run;
        if let Some(known) = run.known_until
            && (known.quarter() < run.horizon.first || known.quarter() > run.horizon.last)
        {
            let place = match self.document.root.get("run").map(|n| &n.value) {
                Some(Value::Table(t)) => t.get("known_until").map(|n| n.place.clone()),
                _ => None,
            };
            let message = "`run.known_until` lies outside the horizon";
            let place = place.expect("a day that was read stands in the table");
            self.diagnostics.warn(&place, message, "no chance shock, or every one");
        }
    }

    fn chips(&mut self) {
        let model = self.model;
        for chip in &model.chips {
            let id = chip.id.as_str();
            if let (Some(launch), Some(end)) = (chip.launch, chip.end)
                && end <= launch
            {
                self.error(
                    "chip",
                    id,
                    "end",
                    format!("`chip.{id}` ends before its launch"),
                    "end before launch",
                );
            }
            if chip.price.is_some() && chip.bf16_tflops.is_none() {
                self.error(
                    "chip",
                    id,
                    "price",
                    format!("`chip.{id}` is sold without `bf16_tflops`"),
                    "its performance is needed",
                );
            }
            if chip.price.is_some()
                && chip.launch.is_none()
                && !(chip.variant_of.is_some() && chip.variant_lag.is_some())
            {
                let message = format!("`chip.{id}` has a price and no launch");
                self.warn(
                    "chip",
                    id,
                    "price",
                    message,
                    "it is sold only with a `launch`, or with `variant_of` and `variant_lag`",
                );
            }
        }
        self.chains("variant_of", "is a variant of itself", &|chip| chip.variant_of);
        self.chains("successor", "is its own successor", &|chip| chip.successor);
    }

    /// No chip leads back to itself, nor by way of too many others.
    fn chains(&mut self, field: &str, circle: &str, next: &dyn Fn(&Chip) -> Option<ChipId>) {
        let model = self.model;
        let next: Vec<Option<usize>> = model.chips.iter().map(|c| next(c).map(ChipId::index)).collect();
        for (chip, (round, length)) in model.chips.iter().zip(chains(&next)) {
            let id = chip.id.as_str();
            if round {
                self.error("chip", id, field, format!("`chip.{id}` {circle}"), "a circle");
            } else if length > DEPTH {
                let message = format!("`chip.{id}` leads to {length} chips, one after another by `{field}`");
                self.error("chip", id, field, message, &format!("{DEPTH} are the most"));
            }
        }
    }

    /// A route goes by way of another country than it ends in.
    fn routes(&mut self) {
        let model = self.model;
        for route in model.routes.iter().filter(|r| r.via == r.to) {
            let message = format!("`route.{}` goes through its destination", route.id);
            self.warn("route", &route.id, "via", message, "the country that it ends in");
        }
    }

    /// What grows to the horizon's end stays a number.
    fn series(&mut self) {
        let model = self.model;
        let end = model.run.horizon.len() as f64;
        let most = |q: QuantityId| match &model.quantities[q].shape {
            Shape::Fixed(x) => *x,
            Shape::Uncertain(d) => d.quantile(1.0 - 1e-12),
            Shape::Dated(_) => 1.0,
        };
        let mut found = Vec::new();
        for quantity in model.quantities.iter() {
            let Shape::Dated(dated) = &quantity.shape else { continue };
            let value = |point: &Point| match point {
                Point::Shared(d) => d.quantile(1.0 - 1e-12).abs(),
                Point::Own(q) => most(*q).abs(),
            };
            let (Some(first), Some(last)) = (dated.points.first(), dated.points.last()) else { continue };
            let grown = |point: &(f64, Point), quarters: f64, rate: Option<QuantityId>| {
                let years = quarters.max(0.0) / QUARTERS_PER_YEAR;
                ln(value(&point.1).max(f64::MIN_POSITIVE)) + years * ln(rate.map_or(1.0, most).max(1e-6))
            };
            let back = dated.before.map(|q| match &model.quantities[q].shape {
                Shape::Fixed(x) => *x,
                Shape::Uncertain(d) => d.quantile(1e-12),
                Shape::Dated(_) => 1.0,
            });
            let years = first.0.max(0.0) / QUARTERS_PER_YEAR;
            let before =
                ln(value(&first.1).max(f64::MIN_POSITIVE)) - years * ln(back.unwrap_or(1.0).max(1e-6));
            let after = grown(last, end - last.0, dated.after);
            let level = ln(dated.level.map_or(1.0, most).max(f64::MIN_POSITIVE));
            if before.max(after) + level > ln(LARGEST) {
                found.push(quantity.path.as_str());
            }
        }
        for path in found {
            let mut parts = path.splitn(3, '.');
            let (table, id, field) = (parts.next(), parts.next(), parts.next());
            let place = self.place(table.unwrap_or(""), id.unwrap_or(""), field.unwrap_or(""));
            let message = format!("`{path}` grows beyond {LARGEST:e} within the horizon");
            self.diagnostics.error(&place, message, "its points, `before`, `after` and `level` together");
        }
    }

    fn rules(&mut self) {
        let model = self.model;
        let enforced: BTreeSet<RuleId> =
            model.shocks.iter().flat_map(|s| s.enforces.iter().copied()).collect();
        for (row, rule) in model.rules.iter_enumerated() {
            let id = rule.id.as_str();
            match (&rule.requires, rule.eases.is_empty()) {
                (Some(_), true) if rule.eased_to.is_none() => {}
                (None, false) if rule.eased_to.is_some() => {}
                (None, false) => {
                    self.error(
                        "rule",
                        id,
                        "eases",
                        format!("`rule.{id}` eases without `eased_to`"),
                        "eased to what status?",
                    );
                }
                (None, true) => {
                    let message = format!("`rule.{id}` neither requires nor eases");
                    self.error("rule", id, "id", message, "give `requires`, or `eases` and `eased_to`");
                }
                _ => {
                    let message = format!("`rule.{id}` requires and eases");
                    self.error("rule", id, "eases", message, "a rule does one of the two");
                }
            }
            if let (Some(announced), Some(effective)) = (rule.announced, rule.effective)
                && announced > effective
            {
                self.error(
                    "rule",
                    id,
                    "announced",
                    format!("`rule.{id}` is announced after it takes effect"),
                    "after `effective`",
                );
            }
            if let (Some(effective), Some(until)) = (rule.effective, rule.until)
                && until <= effective
            {
                self.error(
                    "rule",
                    id,
                    "until",
                    format!("`rule.{id}` ends before it takes effect"),
                    "not after `effective`",
                );
            }
            for eased in &rule.eases {
                let other = &model.rules[*eased];
                if other.issuer != rule.issuer {
                    let message = format!("`rule.{id}` eases a rule of another issuer: `{}`", other.id);
                    self.error("rule", id, "eases", message, "a state eases its own rules");
                }
                if other.requires.is_none() {
                    let message = format!("`rule.{id}` eases `{}`, which requires nothing", other.id);
                    self.error("rule", id, "eases", message, "it is an easing itself");
                }
            }
            if rule.to.countries.is_empty() && rule.to.groups.is_empty() && !rule.to.worldwide {
                self.warn("rule", id, "to", format!("`rule.{id}` has no destination"), "it covers nothing");
            }
            if rule.effective.is_none() && !enforced.contains(&row) {
                self.warn(
                    "rule",
                    id,
                    "id",
                    format!("`rule.{id}` is never in force"),
                    "no `effective` day, and no shock enforces it",
                );
            }
        }
    }

    /// A series is flat before its first point: what begins later than the horizon and does not open was there all along.
    fn facilities(&mut self) {
        let model = self.model;
        for facility in &model.facilities {
            let id = facility.id.as_str();
            let capacity = &model.quantities[facility.capacity.0 as usize];
            let late =
                matches!(&capacity.shape, Shape::Dated(d) if d.before.is_none() && d.points[0].0 >= 1.0);
            if late && facility.opens.is_none() {
                let message = format!(
                    "`facility.{id}` has a capacity from later than the horizon's start and does not open"
                );
                let label = "give `opens`, or a point at the start: until its first point it makes what it makes there";
                self.warn("facility", id, "capacity", message, label);
            }
            let moves =
                |q: QuantityId| !matches!(model.quantities[q.0 as usize].shape, Shape::Fixed(x) if x == 0.0);
            if facility.opens.is_none() && moves(facility.delay) {
                let message = format!("`facility.{id}` has a delay and does not open");
                self.warn("facility", id, "delay", message, "later than what? give `opens`");
            }
        }
    }

    fn companions(&mut self) {
        let model = self.model;
        for chip in &model.chips {
            for good in chip.companions.keys() {
                let good = &model.goods[good.index()];
                if good.kind != GoodKind::Wafer {
                    let message = format!(
                        "`chip.{}` has companion silicon of `{}`, which is no wafer",
                        chip.id, good.id
                    );
                    self.error("chip", &chip.id, "companions", message, "areas are of goods of kind `wafer`");
                }
            }
        }
    }

    fn commitments(&mut self) {
        let model = self.model;
        let sold = |chip: &Chip| chip.price.is_some();
        // Designers with a chip for everybody, and with one for a buyer.
        let mut open: BTreeSet<DesignerId> = BTreeSet::new();
        let mut to: BTreeSet<(DesignerId, BuyerId)> = BTreeSet::new();
        for chip in model.chips.iter().filter(|c| sold(c)) {
            to.extend(chip.sold_to.iter().map(|b| (chip.designer, *b)));
            if chip.sold_to.is_empty() {
                open.insert(chip.designer);
            }
        }
        for row in &model.commitments {
            let id = row.id.as_str();
            let buyer = &model.buyers[row.buyer.index()];
            for chip in row.chips.iter().map(|c| &model.chips[c.index()]) {
                if chip.designer != row.designer {
                    let name = &model.designers[row.designer.index()].id;
                    let message =
                        format!("`commitment.{id}` counts `{}`, which is none of `{name}`'s chips", chip.id);
                    self.error("commitment", id, "chips", message, "another's chip");
                }
            }
            let offered = |chip: &Chip| {
                chip.designer == row.designer
                    && sold(chip)
                    && (chip.sold_to.is_empty() || chip.sold_to.contains(&row.buyer))
            };
            let any = if row.chips.is_empty() {
                open.contains(&row.designer) || to.contains(&(row.designer, row.buyer))
            } else {
                row.chips.iter().any(|c| offered(&model.chips[c.index()]))
            };
            if buyer.budget.is_none() || buyer.kind == super::BuyerKind::Reseller || !any {
                let message = format!("`commitment.{id}` is never met");
                let label = if any {
                    "that buyer has no budget of its own"
                } else {
                    "no such chip is sold to the buyer"
                };
                self.warn("commitment", id, if any { "buyer" } else { "chips" }, message, label);
            }
        }
    }

    fn recipes(&mut self) {
        let model = self.model;
        let mut makers = model.goods.filled(Vec::new());
        model.facilities.iter().for_each(|f| makers[f.good].push(f));
        let stocked: BTreeSet<GoodId> = model.stockpiles.iter().map(|s| s.good).collect();
        // Facilities without a density are told once, not for each chip.
        let mut told = BTreeSet::new();
        for chip in &model.chips {
            for super::Part { good, amount, .. } in chip.parts() {
                let made: &[&super::Facility] = &makers[good];
                let name = &model.goods[good].id;
                if made.is_empty() && !stocked.contains(&good) {
                    let message = format!("`chip.{}` needs `{name}`, which no facility makes", chip.id);
                    self.warn("chip", &chip.id, "recipe", message, "it can never be made");
                }
                match amount {
                    Some(super::Amount::Dies) => {
                        if chip.die_area.is_none() {
                            let message = format!("`chip.{}` counts dies without `die_area`", chip.id);
                            self.error("chip", &chip.id, "recipe", message, "the area of a die is needed");
                        }
                        let first = told.insert(good);
                        for f in made.iter().filter(|f| first && f.defect_density.is_none()) {
                            let message = format!("`facility.{}` has no `defect_density`", f.id);
                            self.error("facility", &f.id, "id", message, "recipes count dies of its wafers");
                        }
                    }
                    Some(super::Amount::Memory) if chip.memory.is_none() => {
                        let message = format!("`chip.{}` counts its memory without `memory`", chip.id);
                        self.error("chip", &chip.id, "recipe", message, "its GB are needed");
                    }
                    _ => {}
                }
            }
        }
    }

    fn shocks(&mut self) {
        for shock in &self.model.shocks {
            let id = shock.id.as_str();
            if shock.date.is_none() && shock.hazard.is_none() && shock.when.is_none() {
                let message = format!("`shock.{id}` never strikes");
                self.warn("shock", id, "id", message, "give a `date`, a `hazard` or a `when`");
            }
            let any = Lever::ALL.iter().any(|lever| !shock.effects(*lever).is_empty());
            if !any && shock.enforces.is_empty() && shock.lifts.is_empty() && shock.leak.is_none() {
                let message = format!("`shock.{id}` does nothing");
                self.warn("shock", id, "id", message, "no effect is given");
            }
        }
    }

    fn correlations(&mut self) {
        let correlations = &self.model.correlations;
        let mut tied: Vec<QuantityId> = correlations.iter().flat_map(|c| c.of.iter().copied()).collect();
        tied.sort_unstable();
        tied.dedup();
        let place_of = |q: &QuantityId| tied.binary_search(q).expect("every tied quantity is listed");
        let mut pairs = Vec::new();
        for c in correlations {
            for (i, a) in c.of.iter().enumerate() {
                pairs.extend(c.of[i + 1..].iter().map(|b| (place_of(a), place_of(b), c.rho)));
            }
        }
        if let Err(error) = Copula::new(tied.len(), &pairs) {
            let place =
                self.document.root.entry("correlation").map_or_else(Place::default, |e| e.node.place.clone());
            let path = &self.model.quantities[tied[error.row]].path;
            let label = format!("the contradiction shows at `{path}`");
            self.diagnostics
                .error(&place, error.to_string(), label)
                .help(format!("all of them times {:.2} would be possible", error.feasible));
        }
    }

    fn claims(&mut self) {
        let model = self.model;
        let mut uses: BTreeSet<(DesignerId, GoodId)> =
            model.chips.iter().flat_map(|c| c.parts().map(|part| (c.designer, part.good))).collect();
        uses.extend(model.stockpiles.iter().map(|s| (s.designer, s.good)));
        for (id, designer) in model.designers.iter_enumerated() {
            for f in designer.claims.keys() {
                let facility = &model.facilities[*f];
                let good = facility.good;
                if !uses.contains(&(id, good)) {
                    let message = format!(
                        "`designer.{}` claims `{}`, whose good none of its chips needs",
                        designer.id, facility.id
                    );
                    self.warn("designer", &designer.id, "claims", message, "the claim does nothing");
                }
            }
        }
    }

    fn demand(&mut self) {
        let model = self.model;
        let labs = model.labs.iter().flat_map(|l| l.buyers.keys().chain(l.clouds.keys()).copied());
        let labs: BTreeSet<BuyerId> = labs.collect();
        let resellers: BTreeSet<BuyerId> = model.routes.iter().filter_map(|r| r.reseller).collect();
        for (id, buyer) in model.buyers.iter_enumerated() {
            let used = labs.contains(&id);
            let idle = buyer.budget.is_none() && buyer.opening.is_empty();
            if idle && !resellers.contains(&id) {
                let message = format!("`buyer.{}` has no budget and no chips", buyer.id);
                self.warn(
                    "buyer",
                    &buyer.id,
                    "id",
                    message,
                    if used { "labs that use it get nothing" } else { "it changes nothing" },
                );
            }
        }
        for route in model.routes.iter().filter(|r| r.good.is_some() && r.capacity_usd.is_some()) {
            let message = format!("`route.{}` carries a good and is limited in money", route.id);
            self.error("route", &route.id, "capacity_usd", message, "chip routes alone are");
        }
        for lab in &model.labs {
            if lab.buyers.is_empty() && lab.clouds.is_empty() {
                self.warn(
                    "lab",
                    &lab.id,
                    "id",
                    format!("`lab.{}` has no chips", lab.id),
                    "neither `buyers` nor `clouds`",
                );
            }
            if !lab.clouds.is_empty() && lab.rent_budget.is_none() {
                self.warn(
                    "lab",
                    &lab.id,
                    "clouds",
                    format!("`lab.{}` rents without a `rent_budget`", lab.id),
                    "it rents nothing",
                );
            }
            if lab.funds.is_some() && lab.rent_budget.is_none() {
                let message = format!("`lab.{}` has `funds` and no `rent_budget`", lab.id);
                self.warn("lab", &lab.id, "funds", message, "it rents nothing");
            }
            for cloud in lab.clouds.keys() {
                let buyer = &model.buyers[*cloud];
                if buyer.rents.is_none() {
                    let message = format!("`lab.{}` rents from `{}`, which offers nothing", lab.id, buyer.id);
                    self.warn("lab", &lab.id, "clouds", message, "that buyer has no `rents`");
                }
            }
        }
    }
}
