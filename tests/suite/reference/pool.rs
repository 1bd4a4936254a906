//! Section 6: the third pass of production, in which what is left is pooled.

use super::roots::scarcest;
use super::{Draw, fit, per};

impl Draw<'_> {
    /// What a designer may have of what is left at a facility.
    fn open(&self, d: usize, f: usize) -> f64 {
        let place = d * self.left.len() + f;
        if self.w.chain.serves[place] && self.granted[place] > 0.0 { self.left[f] } else { 0.0 }
    }

    /// The third pass: what is left, pooled.
    #[inline(never)]
    pub fn pool(&mut self) {
        let w = self.w;
        let mut open = std::mem::take(&mut self.room.at);
        let mut pooled = std::mem::take(&mut self.pooled);
        pooled.clear();
        self.pool_demand.fill(0.0);
        for c in 0..w.m.chips.len() {
            self.note_lack(c, None);
        }
        for d in 0..w.m.designers.len() {
            let asks = |&&c: &&usize| self.planned[c] - self.started[c] > 0.0;
            if !w.chain.chips_of[d].iter().any(|c| asks(&c)) {
                continue;
            }
            (0..open.len()).for_each(|f| open[f] = self.open(d, f));
            for &c in w.chain.chips_of[d].iter().filter(asks) {
                let residual = self.planned[c] - self.started[c];
                for i in w.chain.parts_of[c].clone() {
                    let part = &w.chain.parts[i];
                    let total: f64 = w.chain.makers[part.good].iter().map(|&f| open[f]).sum();
                    let need = self.mean_need(part, &open).unwrap_or(self.needs[i]);
                    pooled.push((i, total, need));
                    for &f in &w.chain.makers[part.good] {
                        self.pool_demand[f] += residual * need * per(open[f], total);
                    }
                }
            }
        }
        self.room.at = open;
        for (f, granted) in self.pool_granted.iter_mut().enumerate() {
            *granted = fit(self.left[f], self.pool_demand[f]);
        }
        self.share_pool(&pooled);
        self.judge_lack(&pooled);
        self.pooled = pooled;
    }

    /// Gives each part its share of the pool; parts of a chip follow each other.
    fn share_pool(&mut self, pooled: &[(usize, f64, f64)]) {
        let w = self.w;
        let mut rest = pooled;
        while let Some(first) = rest.first() {
            let c = w.chain.parts[first.0].chip;
            let d = w.m.chips[c].designer.index();
            let (parts, others) = rest.split_at(w.chain.parts_of[c].len());
            rest = others;
            let least = parts.iter().map(|part| self.pool_ratio(d, part)).fold(1.0, f64::min);
            let made = (self.planned[c] - self.started[c]) * least;
            for part in parts {
                let all = self.pool_ratio(d, part);
                for &f in &w.chain.makers[w.chain.parts[part.0].good] {
                    let share = per(self.open(d, f), part.1) * self.pool_granted[f];
                    self.pool_used[f] += made * part.2 * per(share, all);
                    self.companions[f] += made * self.companion(&w.chain.parts[part.0]) * per(share, all);
                }
            }
            let short = self.planned[c] - self.started[c] - made;
            if short > 1e-9 * self.planned[c] {
                let of = |part: &(usize, f64, f64)| (w.chain.parts[part.0].good, self.pool_ratio(d, part));
                let shares: Vec<(usize, f64)> = parts.iter().map(of).collect();
                let good = scarcest(&shares, self.roots.bottleneck[c]);
                self.note_lack(c, good);
            }
            self.started[c] += made;
        }
        for (used, pool) in self.used.iter_mut().zip(&mut self.pool_used) {
            *used += *pool;
            *pool = 0.0;
        }
    }

    /// Unmet share of each facility's good among those whom it may serve (section 4).
    #[inline(never)]
    fn judge_lack(&mut self, pooled: &[(usize, f64, f64)]) {
        let w = self.w;
        let goods = w.m.goods.len();
        let spots = w.m.facilities.len();
        let mut lacks = std::mem::take(&mut self.lacks);
        lacks.fill(0.0);
        for part in pooled {
            let of = &w.chain.parts[part.0];
            let d = w.m.chips[of.chip].designer.index();
            let place = d * goods + of.good;
            lacks[place] = self.short_of[place] * (1.0 - self.pool_ratio(d, part)).max(0.0);
        }
        for f in 0..spots {
            let g = w.m.facilities[f].good.index();
            let (mut short, mut asked) = (0.0, 0.0);
            for d in 0..w.m.designers.len() {
                if w.chain.serves[d * spots + f] && self.granted[d * spots + f] > 0.0 {
                    short += lacks[d * goods + g];
                    asked += self.asked_of[d * goods + g];
                }
            }
            self.unmet[f][self.t % 4] = per(short, asked);
        }
        self.lacks = lacks;
    }

    /// Share of what a part needs that the pool gives.
    fn pool_ratio(&self, d: usize, &(part, total, _): &(usize, f64, f64)) -> f64 {
        let makers = &self.w.chain.makers[self.w.chain.parts[part].good];
        makers.iter().map(|&f| per(self.open(d, f), total) * self.pool_granted[f]).sum()
    }
}
