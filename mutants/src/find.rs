//! Where in a file its mutants are: what an alternative takes the place of, and what it says.
//! A mutant that nothing can be put around is told with the reason.

use std::collections::HashMap;

use anyhow::Context;
use proc_macro2::{LineColumn, Span};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use crate::list::{Genre, Mutant, Place};

/// Bytes of the file, from one to before the other.
pub(crate) type Range = (usize, usize);

/// What is found in a file.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Expressions, and what each may be instead.
    pub(crate) choices: Vec<(Range, Vec<(u32, String)>)>,
    /// Bodies of functions, between the braces, and what they may return at once.
    pub(crate) bodies: Vec<(Range, Vec<(u32, String)>)>,
    /// Arms that may be gone.
    pub(crate) arms: Vec<Arm>,
    /// What cannot be changed where a program chooses, with the reason.
    pub(crate) unplaced: Vec<(u32, &'static str)>,
}

/// An arm that may be gone.
#[derive(Debug)]
pub(crate) struct Arm {
    pub(crate) number: u32,
    /// Where its condition goes: after its pattern, or before the condition that it has.
    pub(crate) at: usize,
    pub(crate) has_guard: bool,
    /// The whole match.
    pub(crate) whole: Range,
}

/// Finds `mutants` in the file that says `text`.
pub(crate) fn find(text: &str, mutants: &[&Mutant]) -> anyhow::Result<Found> {
    let tree = syn::parse_file(text).context("read Rust")?;
    let mut wanted: HashMap<(Genre, Place), Vec<(u32, String)>> = HashMap::new();
    for mutant in mutants {
        let same = wanted.entry((mutant.genre, mutant.at)).or_default();
        same.push((mutant.number, mutant.replacement.clone()));
    }
    let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1));
    let mut finder = Finder {
        text,
        lines: lines.collect(),
        wanted,
        matches: Vec::new(),
        found: Found::default(),
    };
    finder.visit_file(&tree);
    let Finder {
        wanted, mut found, ..
    } = finder;
    let left = wanted.into_values().flatten();
    found
        .unplaced
        .extend(left.map(|(number, _)| (number, "it is in a constant, or where none is expected")));
    Ok(found)
}

struct Finder<'a> {
    text: &'a str,
    /// Where each line begins.
    lines: Vec<usize>,
    /// What was not found yet.
    wanted: HashMap<(Genre, Place), Vec<(u32, String)>>,
    /// The matches that the place is in.
    matches: Vec<Range>,
    found: Found,
}

impl Finder<'_> {
    fn byte(&self, at: LineColumn) -> usize {
        let line = self.lines.get(at.line - 1).copied().unwrap_or(self.text.len());
        let rest = &self.text[line..];
        let column = rest.char_indices().nth(at.column);
        line + column.map_or(rest.len(), |(column, _)| column)
    }

    fn range(&self, span: Span) -> Range {
        (self.byte(span.start()), self.byte(span.end()))
    }

    fn take(&mut self, genre: Genre, span: Span) -> Vec<(u32, String)> {
        let LineColumn { line, column } = span.start();
        self.wanted
            .remove(&(genre, (line, column + 1)))
            .unwrap_or_default()
    }

    fn body(&mut self, block: &syn::Block) {
        let (open, close) = (block.brace_token.span.open(), block.brace_token.span.close());
        let mut all = self.take(Genre::FnValue, open);
        if let Some(first) = block.stmts.first() {
            all.extend(self.take(Genre::FnValue, first.span()));
        }
        if !all.is_empty() {
            let range = (self.range(open).1, self.range(close).0);
            self.found.bodies.push((range, all));
        }
    }

    /// What may be put in parentheses around the operator: both operands, unless they declare something for what comes
    /// after. Of a chain with `let` in it, what lies between the last `let` and the operator.
    fn operands(&self, binary: &syn::ExprBinary) -> Option<Range> {
        let end = self.range(binary.right.span()).1;
        let (mut rest, mut start) = (&*binary.left, None);
        if has_let(&binary.right) {
            return None;
        }
        while has_let(rest) {
            match rest {
                syn::Expr::Binary(chain) if !has_let(&chain.right) => {
                    start = Some(self.range(chain.right.span()).0);
                    rest = &chain.left;
                }
                _ => return start.map(|start| (start, end)),
            }
        }
        Some((self.range(rest.span()).0, end))
    }
}

/// Whether it declares something for what comes after it.
fn has_let(expression: &syn::Expr) -> bool {
    match expression {
        syn::Expr::Let(_) => true,
        syn::Expr::Binary(chain) => has_let(&chain.left) || has_let(&chain.right),
        _ => false,
    }
}

impl<'a> Visit<'a> for Finder<'_> {
    fn visit_item_const(&mut self, _: &'a syn::ItemConst) {}
    fn visit_item_static(&mut self, _: &'a syn::ItemStatic) {}
    fn visit_impl_item_const(&mut self, _: &'a syn::ImplItemConst) {}
    fn visit_trait_item_const(&mut self, _: &'a syn::TraitItemConst) {}
    fn visit_type(&mut self, _: &'a syn::Type) {}
    fn visit_pat(&mut self, _: &'a syn::Pat) {}

    fn visit_item_fn(&mut self, function: &'a syn::ItemFn) {
        if function.sig.constness.is_none() {
            self.body(&function.block);
            visit::visit_item_fn(self, function);
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'a syn::ImplItemFn) {
        if function.sig.constness.is_none() {
            self.body(&function.block);
            visit::visit_impl_item_fn(self, function);
        }
    }

    fn visit_trait_item_fn(&mut self, function: &'a syn::TraitItemFn) {
        if let Some(block) = &function.default {
            self.body(block);
        }
        visit::visit_trait_item_fn(self, function);
    }

    fn visit_expr_repeat(&mut self, repeat: &'a syn::ExprRepeat) {
        self.visit_expr(&repeat.expr);
    }

    fn visit_expr_binary(&mut self, binary: &'a syn::ExprBinary) {
        let wanted = self.take(Genre::BinaryOperator, binary.op.span());
        if !wanted.is_empty() {
            match self.operands(binary) {
                Some((start, end)) => {
                    let (before, after) = self.range(binary.op.span());
                    let (left, right) = (&self.text[start..before], &self.text[after..end]);
                    // `a as u8 < b` would begin the arguments of a type.
                    let left = match &*binary.left {
                        syn::Expr::Cast(_) => format!("({left}) "),
                        _ => left.to_owned(),
                    };
                    let other = |(number, operator)| (number, format!("{left}{operator}{right}"));
                    let others = wanted.into_iter().map(other).collect();
                    self.found.choices.push(((start, end), others));
                }
                None => {
                    let reason = "what a `let` declares is known behind `&&` only";
                    let all = wanted.into_iter().map(|(number, _)| (number, reason));
                    self.found.unplaced.extend(all);
                }
            }
        }
        visit::visit_expr_binary(self, binary);
    }

    fn visit_expr_unary(&mut self, unary: &'a syn::ExprUnary) {
        let wanted = self.take(Genre::UnaryOperator, unary.op.span());
        if !wanted.is_empty() {
            let (start, (bare, end)) = (self.range(unary.op.span()).0, self.range(unary.expr.span()));
            let other = |(number, _)| (number, self.text[bare..end].to_owned());
            let others = wanted.into_iter().map(other).collect();
            self.found.choices.push(((start, end), others));
        }
        visit::visit_expr_unary(self, unary);
    }

    fn visit_expr_match(&mut self, expression: &'a syn::ExprMatch) {
        self.matches.push(self.range(expression.span()));
        visit::visit_expr_match(self, expression);
        self.matches.pop();
    }

    fn visit_arm(&mut self, arm: &'a syn::Arm) {
        let guard = arm.guard.as_ref().map(|(_, guard)| guard);
        let whole = self.matches.last().copied().unwrap_or_default();
        let at = match guard {
            Some(guard) => self.range(guard.span()).0,
            None => self.range(arm.pat.span()).1,
        };
        for (number, _) in self.take(Genre::MatchArm, arm.pat.span()) {
            self.found.arms.push(Arm {
                number,
                at,
                has_guard: guard.is_some(),
                whole,
            });
        }
        if let Some(guard) = guard {
            // In parentheses even where there is nothing to choose: another condition may come before it.
            let others = self.take(Genre::MatchArmGuard, guard.span());
            self.found.choices.push((self.range(guard.span()), others));
        }
        visit::visit_arm(self, arm);
    }

    fn visit_expr_struct(&mut self, structure: &'a syn::ExprStruct) {
        let (start, end) = self.range(structure.span());
        let mut others = Vec::new();
        for field in &structure.fields {
            for (number, _) in self.take(Genre::StructField, field.span()) {
                let (before, after) = self.range(field.span());
                let rest = &self.text[after..end];
                let rest = rest.trim_start().strip_prefix(',').unwrap_or(rest);
                others.push((number, format!("{}{rest}", &self.text[start..before])));
            }
        }
        if !others.is_empty() {
            self.found.choices.push(((start, end), others));
        }
        visit::visit_expr_struct(self, structure);
    }
}
