namespace Mana.Ports.Rendering;

/// <summary>How <see cref="HtmlPicture"/> looks.</summary>
internal static class PictureStyle
{
    /// <summary>The states of a number.</summary>
    public static IReadOnlyList<(string Class, string Meaning)> States { get; } =
    [
        ("match", "runs as planned"),
        ("drift", "runs, and the plan says otherwise"),
        ("planned", "planned, does not run"),
        ("reserved", "reserved for growth"),
        ("free", "free"),
        ("blocked", "blocked by browsers"),
    ];

    // States differ by their edges, too: colours alone are not seen by everybody.
    public const string Css = """
        :root { --page: #f6f7f9; --card: #fff; --ink: #1b2330; --quiet: #5a6577; --edge: #d5dae3;
          --match: #d8f0df; --match-edge: #2f8f57; --drift: #ffe7c7; --drift-edge: #b96a00; --planned: #e2eafc; --planned-edge: #5b7bc4;
          --reserved: #efeaf7; --reserved-edge: #8f76bd; --blocked: #f6dcdc; --blocked-edge: #b24a4a; }
        @media (prefers-color-scheme: dark) { :root { --page: #12161d; --card: #1a202a; --ink: #e7ebf2; --quiet: #9aa5b8; --edge: #323b4a;
          --match: #173a27; --match-edge: #4fbf7f; --drift: #45310f; --drift-edge: #e0a040; --planned: #1f2d4d; --planned-edge: #7d9be6;
          --reserved: #2d2540; --reserved-edge: #a58ad6; --blocked: #432222; --blocked-edge: #d57070; } }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.45 system-ui, sans-serif; }
        header, main { max-width: 76rem; margin: 0 auto; padding: 1rem; }
        h1 { margin: .5rem 0; font-size: 1.7rem; } h2 { margin: 1.2rem 0 .6rem; font-size: 1.25rem; } h3 { margin: 0; font-size: 1.05rem; }
        ul { list-style: none; margin: 0; padding: 0; }
        .about { margin: .2rem 0 .5rem; color: var(--quiet); }
        .legend { display: flex; flex-wrap: wrap; gap: .4rem 1.2rem; color: var(--quiet); }
        .legend li { display: flex; align-items: center; gap: .45rem; }
        .swatch { width: 1.2rem; height: 1.2rem; border-radius: .25rem; }
        article { background: var(--card); border: 1px solid var(--edge); border-radius: .6rem; padding: .9rem; margin-bottom: .8rem; }
        .hosts { display: grid; grid-template-columns: repeat(auto-fit, minmax(19rem, 1fr)); gap: .8rem; align-items: start; }
        .listeners li { display: flex; flex-wrap: wrap; gap: 0 .6rem; align-items: baseline; border-left-width: .3rem !important; border-radius: .3rem; padding: .15rem .5rem; margin-top: .25rem; }
        .listeners b { min-width: 3.2rem; } .listeners small { margin-left: auto; color: var(--quiet); text-align: right; }
        .span { font-variant-numeric: tabular-nums; color: var(--quiet); font-weight: 600; margin-right: .3rem; }
        b { font-variant-numeric: tabular-nums; }
        meter { width: 100%; height: .7rem; margin-bottom: .6rem; }
        .cells { display: grid; grid-template-columns: repeat(10, minmax(0, 1fr)); gap: .3rem; }
        .cells li { min-height: 3.4rem; border-radius: .35rem; padding: .25rem .35rem; font-size: .72rem; line-height: 1.25; overflow-wrap: anywhere; }
        .cells b, .cells span, .cells i { display: block; } .cells b { font-size: .82rem; } .cells i { color: var(--quiet); font-style: normal; }
        .cells .gap { grid-column: 1 / -1; min-height: 0; text-align: center; color: var(--quiet); border: 1px dashed var(--edge); }
        .match { background: var(--match); border: 1px solid var(--match-edge); }
        .drift { background: var(--drift); border: 2px solid var(--drift-edge); }
        .planned { background: var(--planned); border: 1px dashed var(--planned-edge); }
        .reserved { background: var(--reserved); border: 1px dotted var(--reserved-edge); }
        .blocked { background: var(--blocked); border: 1px double var(--blocked-edge); }
        .free { border: 1px solid var(--edge); }
        .other { border: 1px solid transparent; color: var(--quiet); }
        @media (max-width: 46rem) { .cells { grid-template-columns: repeat(5, minmax(0, 1fr)); } }
        @media (max-width: 30rem) { .cells { grid-template-columns: repeat(auto-fill, minmax(5.6rem, 1fr)); } }
        @media print { article { break-inside: avoid; } }

        """;
}
