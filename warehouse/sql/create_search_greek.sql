-- A text in small letters with Greek letters by their names.
-- Example: SELECT search_greek('β-catenin');
CREATE MACRO search_greek(folded) AS
        replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(
        replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(folded,
        'α', 'alpha'), 'β', 'beta'), 'γ', 'gamma'), 'δ', 'delta'), 'ε', 'epsilon'),
        'ζ', 'zeta'), 'η', 'eta'), 'θ', 'theta'), 'ι', 'iota'), 'κ', 'kappa'),
        'λ', 'lambda'), 'μ', 'mu'), 'ν', 'nu'), 'ξ', 'xi'), 'ο', 'omicron'),
        'π', 'pi'), 'ρ', 'rho'), 'σ', 'sigma'), 'ς', 'sigma'), 'τ', 'tau'),
        'υ', 'upsilon'), 'φ', 'phi'), 'χ', 'chi'), 'ψ', 'psi'), 'ω', 'omega');
