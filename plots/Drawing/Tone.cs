using System.Text;

namespace Lab.Plots;

/// <summary>A colour by its role. The seven series colours are those of Okabe and Ito, told apart with any colour vision; their
/// yellow is left out, as it disappears on white. Dark backgrounds get lighter shades of the same hues.</summary>
public readonly record struct Tone
{
    private static readonly (string Light, string Dark)[] SeriesColours =
    [
        ("#0072b2", "#4a9be0"), ("#d55e00", "#ff8142"), ("#009e73", "#1fc99a"), ("#cc79a7", "#e6a0c8"),
        ("#e69f00", "#f2b632"), ("#56b4e9", "#9bdcff"), ("#24292f", "#e6e9ec"),
    ];

    private readonly int _class;

    private Tone(int @class) => _class = @class;

    /// <summary>Colours before they repeat.</summary>
    public static int SeriesCount => SeriesColours.Length;

    /// <summary>For what is only there to compare with.</summary>
    public static Tone Muted { get; } = new(SeriesColours.Length);

    public static Tone Series(int index) => new(index % SeriesColours.Length);

    /// <summary>The class that draws a line in this colour.</summary>
    internal string StrokeClass => $"s{_class}";

    /// <summary>The class that fills a shape with this colour.</summary>
    internal string FillClass => $"f{_class}";

    /// <summary>The colour for viewers that do not know CSS variables.</summary>
    internal string Fallback => _class < SeriesColours.Length ? SeriesColours[_class].Light : "#7a848e";

    /// <summary>The style of every figure. Rules are bound to the class <c>labplot</c>, so that several figures and the page they
    /// stand in do not disturb each other; paper is always light.</summary>
    internal static string StyleSheet { get; } = WriteStyleSheet();

    private static string WriteStyleSheet()
    {
        string light = "--bg:#ffffff;--fg:#1f2429;--soft:#57606a;--grid:#e3e7eb;--axis:#8b949e;"
            + Variables(colour => colour.Light) + $"--c{SeriesColours.Length}:#7a848e;";
        string dark = "--bg:#15181c;--fg:#e6e9ec;--soft:#a3adb7;--grid:#2b3138;--axis:#6b757f;"
            + Variables(colour => colour.Dark) + $"--c{SeriesColours.Length}:#8e98a2;";
        StringBuilder css = new StringBuilder().Append(".labplot{").Append(light).Append('}').Append(
            "@media (prefers-color-scheme:dark){.labplot{").Append(dark).Append("}}").Append(
            "@media print{.labplot{").Append(light).Append("}}").Append(
            ".labplot text{font:13px system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif;fill:var(--fg)}")
            .Append(".labplot .title{font-size:16px;font-weight:600}.labplot .soft{font-size:12px;fill:var(--soft)}").Append(
            ".labplot .bg{fill:var(--bg)}.labplot .grid{stroke:var(--grid)}.labplot .axis{stroke:var(--axis)}").Append(
            ".labplot .fg{stroke:var(--fg)}.labplot .halo{stroke:var(--bg)}.labplot .open{fill:var(--bg)}");
        for (int index = 0; index <= SeriesColours.Length; index++)
        {
            css.Append($".labplot .s{index}{{stroke:var(--c{index})}}.labplot .f{index}{{fill:var(--c{index})}}");
        }
        return css.ToString();
    }

    private static string Variables(Func<(string Light, string Dark), string> pick) =>
        string.Concat(SeriesColours.Select((colour, index) => $"--c{index}:{pick(colour)};"));
}
