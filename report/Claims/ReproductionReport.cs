using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Lab.Application.Reproducing;
using Lab.Plots;
using Lab.Settings;

namespace Lab.Report.Claims;

/// <summary>A figure over the rounds.</summary>
public sealed record RoundsJson(double Median, double Low, double High, int Rounds);

/// <summary>A figure of an arm.</summary>
public sealed record FigureJson(string Figure, string Unit, string Arm, RoundsJson? Value);

/// <summary>A bound; <see cref="Met"/> is null where the rounds disagree, or there are none.</summary>
public sealed record ExpectationJson(
    string Figure, string Arm, string? Against, double? AtLeast, double? AtMost, RoundsJson? Value, bool? Met);

/// <summary>A claim and what the machine shows.</summary>
public sealed record ShownClaimJson(
    string Id, string Title, string Said, string Source, string? Limits, string Workload, string Verdict, string? Reason,
    IReadOnlyList<FigureJson> Figures, IReadOnlyList<ExpectationJson> Expectations, IReadOnlyList<string> Problems);

/// <summary>What <c>lab reproduce --format json</c> prints, and <c>reproduction.json</c> holds.</summary>
public sealed record ReproductionJson(
    int SchemaVersion, DateTimeOffset StartedUtc, int Cores, IReadOnlyList<ShownClaimJson> Claims);

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ReproductionJson))]
public sealed partial class ReproductionJsonContext : JsonSerializerContext;

/// <summary>Claims and what this machine shows, as text, Markdown and JSON.</summary>
/// <param name="startedUtc">When the first was begun.</param>
/// <param name="cores">There are.</param>
public sealed class ReproductionReport(DateTimeOffset startedUtc, int cores)
{
    private static readonly ReproductionJsonContext Readable =
        new(new JsonSerializerOptions(ReproductionJsonContext.Default.Options)
            { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    /// <summary>One claim for a terminal, in its width.</summary>
    public IEnumerable<string> Lines(ShownClaim shown)
    {
        yield return $"{shown.Claim.Id}: {Word(shown.Verdict)}";
        foreach (string line in Indented(shown.Claim.Title, "  ")) yield return line;
        foreach (string line in Indented($"claimed: {shown.Claim.Said} ({shown.Claim.Source})", "  ")) yield return line;
        foreach (IGrouping<string, ShownFigure> figure in shown.Figures.GroupBy(one => one.Figure))
        {
            yield return $"  {figure.Key}, here on {shown.Claim.Workload}:";
            int width = figure.Max(one => one.Arm.Length);
            foreach (ShownFigure one in figure) yield return $"    {one.Arm.PadRight(width)}  {Value(one.Value, one.Unit)}";
        }
        foreach (ShownExpectation one in shown.Expectations)
        {
            foreach (string line in Indented($"{Answer(one.IsMet)}: {Sentence(one)}", "  ")) yield return line;
        }
        if (shown.Reason is { } reason) foreach (string line in Indented(reason, "  ")) yield return line;
        if (Limits(shown.Claim) is { } limits) foreach (string line in Indented(limits, "  ")) yield return line;
        foreach (string problem in shown.Problems) foreach (string line in Indented(problem, "  ! ")) yield return line;
    }

    /// <summary>A line per claim.</summary>
    public IEnumerable<string> Sum(IReadOnlyList<ShownClaim> all) =>
        all.Select(one => $"{one.Claim.Id,-3} {Word(one.Verdict),-20} {Shorten(one.Claim.Title, TextGrid.Width - 25)}");

    public string Json(IReadOnlyList<ShownClaim> all) => JsonSerializer.Serialize(
        new ReproductionJson(1, startedUtc, cores, [.. all.Select(Of)]), Readable.ReproductionJson);

    /// <summary>All of it, as a document.</summary>
    public string Markdown(IReadOnlyList<ShownClaim> all)
    {
        List<string> lines =
        [
            "# Claims, and what this machine shows", "",
            string.Create(CultureInfo.InvariantCulture, $"{startedUtc:yyyy-MM-dd HH:mm} UTC, {cores} cores. Figures: median of "
                + $"the rounds, in brackets the least and the greatest."), "",
            "| claim | | |", "|---|---|---|",
            .. all.Select(one => $"| {one.Claim.Id} | {Word(one.Verdict)} | {one.Claim.Title} |"),
        ];
        foreach (ShownClaim one in all)
        {
            lines.AddRange(["", $"## {one.Claim.Id}: {one.Claim.Title}", "",
                $"Claimed: {one.Claim.Said} ({one.Claim.Source}).", "",
                $"**{Word(one.Verdict)}**{(one.Reason is { } reason ? $": {reason}" : "")}.", ""]);
            lines.AddRange(one.Expectations.Select(expected => $"- {Answer(expected.IsMet)}: {Sentence(expected)}"));
            if (Limits(one.Claim) is { } limits) lines.AddRange(["", limits]);
            lines.AddRange(["", $"| figure on {one.Claim.Workload} | arm | here |", "|---|---|--:|"]);
            lines.AddRange(
                one.Figures.Select(figure => $"| {figure.Figure} | {figure.Arm} | {Value(figure.Value, figure.Unit)} |"));
            lines.AddRange(one.Problems.Select(problem => $"- {problem}"));
        }
        return string.Join('\n', lines) + "\n";
    }

    private string? Limits(Claim claim) => claim.Limits is { } limits
        ? string.Create(CultureInfo.InvariantCulture, $"with {cores} cores here: {limits}") : null;

    private static string Sentence(ShownExpectation one)
    {
        string what = one.Against is { } against ? $"{one.Figure}, {one.Arm} ÷ {against}" : $"{one.Figure}, {one.Arm}";
        string bound = one.AtLeast is { } least ? $"at least {Plain(least)}" : $"at most {Plain(one.AtMost!.Value)}";
        string unit = one.Against is null ? "" : "×";
        string value = one.Value is { } rounds
            ? $"{Plain(rounds.Median)}{unit} [{Plain(rounds.Low)}, {Plain(rounds.High)}]" : "not measured";
        return $"{what}: {value}, expected {bound}";
    }

    private static string Value(RoundsOf? value, string unit) => value is null ? "–" : unit.Length == 0
        ? $"{Plain(value.Median)} [{Plain(value.Low)}, {Plain(value.High)}]"
        : $"{Quantity.Format(value.Median, unit)} [{Quantity.Format(value.Low, unit)}, {Quantity.Format(value.High, unit)}]";

    private static string Plain(double value) => Math.Abs(value) >= 100 ? value.ToString("N0", CultureInfo.InvariantCulture)
        : value.ToString(Math.Abs(value) >= 10 ? "0.0" : "0.##", CultureInfo.InvariantCulture);

    private static string Answer(bool? isMet) => isMet switch
    {
        true => "yes",
        false => "no",
        null => "open",
    };

    private static string Word(ClaimVerdict verdict) => verdict switch
    {
        ClaimVerdict.Holds => "holds",
        ClaimVerdict.DoesNotHold => "does not hold",
        _ => "cannot be shown here",
    };

    private static IEnumerable<string> Indented(string text, string head) =>
        TextGrid.Wrap(text, TextGrid.Width - head.Length - 2)
            .Select((line, index) => (index == 0 ? head : head.Replace('!', ' ') + "  ") + line);

    private static string Shorten(string text, int width) => text.Length <= width ? text : text[..(width - 1)] + "…";

    private static ShownClaimJson Of(ShownClaim one) => new(
        one.Claim.Id, one.Claim.Title, one.Claim.Said, one.Claim.Source, one.Claim.Limits, one.Claim.Workload,
        one.Verdict switch
        {
            ClaimVerdict.Holds => "holds",
            ClaimVerdict.DoesNotHold => "does_not_hold",
            _ => "cannot_be_shown",
        },
        one.Reason,
        [.. one.Figures.Select(figure => new FigureJson(figure.Figure, figure.Unit, figure.Arm, Of(figure.Value)))],
        [.. one.Expectations.Select(expected => new ExpectationJson(expected.Figure, expected.Arm, expected.Against,
            expected.AtLeast, expected.AtMost, Of(expected.Value), expected.IsMet))], one.Problems);

    private static RoundsJson? Of(RoundsOf? value) =>
        value is null ? null : new RoundsJson(value.Median, value.Low, value.High, value.Rounds);
}
