namespace Lab.Plots;

/// <summary>A colour by its role. The seven series colours are those of Okabe and Ito, told apart with any colour vision; their
/// yellow is left out, as it disappears on white. Dark backgrounds get lighter shades of the same hues.</summary>
public readonly record struct Tone
{
    private static readonly (string Light, string Dark)[] Palette =
    [
        ("#0072b2", "#4a9be0"), ("#d55e00", "#ff8142"), ("#009e73", "#1fc99a"), ("#cc79a7", "#e6a0c8"),
        ("#e69f00", "#f2b632"), ("#56b4e9", "#9bdcff"), ("#24292f", "#e5e8eb"),
        ("#7a848e", "#8e98a2"), ("#ffffff", "#15181c"), ("#1f2429", "#e6e9ec"), ("#57606a", "#a3adb7"), ("#e3e7eb", "#2b3138"),
        ("#8b949e", "#6b757f"),
    ];

    private readonly int _place;

    private Tone(int place) => _place = place;

    /// <summary>Series colours before they repeat.</summary>
    public const int SeriesCount = 7;

    /// <summary>For what is only there to compare with.</summary>
    public static Tone Muted { get; } = new(SeriesCount);

    internal static Tone Background { get; } = new(8);
    internal static Tone Text { get; } = new(9);
    internal static Tone SoftText { get; } = new(10);
    internal static Tone Grid { get; } = new(11);
    internal static Tone Frame { get; } = new(12);

    public static Tone Series(int index) => new(index % SeriesCount);

    internal string Hex(bool isDark) => isDark ? Palette[_place].Dark : Palette[_place].Light;

    /// <summary>The style of every figure. An SVG is drawn in the light colours, which stand on paper and in viewers without
    /// style sheets; on a dark screen each becomes its dark one. Rules are bound to the class <c>labplot</c>, so that a figure
    /// and the page it stands in do not disturb each other.</summary>
    internal static string StyleSheet { get; } =
        ".labplot text{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif}"
        + "@media screen and (prefers-color-scheme:dark){" + string.Concat(Palette.Select(one =>
            $".labplot [fill='{one.Light}']{{fill:{one.Dark}}}.labplot [stroke='{one.Light}']{{stroke:{one.Dark}}}")) + "}";
}
