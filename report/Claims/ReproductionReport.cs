using System.Globalization;
using Lab.Application.Reproducing;
using Lab.Plots;
using Lab.Report.Documents;

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
public sealed record ReproductionJson(DateTimeOffset StartedUtc, int Cores, IReadOnlyList<ShownClaimJson> Claims);

/// <summary>Claims and what this machine shows.</summary>
/// <param name="startedUtc">When the first was begun.</param>
/// <param name="cores">There are.</param>
public sealed class ReproductionReport(DateTimeOffset startedUtc, int cores)
{
    /// <summary>One claim.</summary>
    public Document Of(ShownClaim shown) => new(shown.Claim.Id)
    {
        Mood = MoodOf(shown),
        Answer = [new($"{shown.Claim.Id}: {Word(shown.Verdict)}", MoodOf(shown)), $"  {shown.Claim.Title}"],
        Parts = [.. Parts(shown)],
    };

    /// <summary>A line per claim.</summary>
    public static Table Sum(IReadOnlyList<ShownClaim> all) => new(["claim", "here", "title"],
        [.. all.Select(one => (IReadOnlyList<Cell>)[one.Claim.Id, new(Word(one.Verdict)) { Mood = MoodOf(one) },
            one.Claim.Title])])
        { IsFacts = true, IsSortable = false };

    /// <summary>All of it.</summary>
    public Document Of(IReadOnlyList<ShownClaim> all) => new("Claims, and what this machine shows")
    {
        Place = string.Create(CultureInfo.InvariantCulture,
            $"{startedUtc:yyyy-MM-dd HH:mm} UTC, {cores} cores. Figures: median of "
            + $"the rounds, in brackets the least and the greatest."),
        Parts = [Sum(all), .. all.Select(one => new Section($"{one.Claim.Id}: {one.Claim.Title}",
            [new Prose($"{Word(one.Verdict)}"), .. Parts(one)]))],
    };

    public ReproductionJson Json(IReadOnlyList<ShownClaim> all) => new(startedUtc, cores, [.. all.Select(one =>
        new ShownClaimJson(
        one.Claim.Id, one.Claim.Title, one.Claim.Said, one.Claim.Source, one.Claim.Limits, one.Claim.Workload,
        one.Verdict switch
        {
            ClaimVerdict.Holds => "holds",
            ClaimVerdict.DoesNotHold => "does_not_hold",
            _ => "cannot_be_shown",
        },
        one.Reason,
        [.. one.Figures.Select(figure => new FigureJson(figure.Figure, figure.Unit, figure.Arm, Rounds(figure.Value)))],
        [.. one.Expectations.Select(expected => new ExpectationJson(expected.Figure, expected.Arm, expected.Against,
            expected.AtLeast, expected.AtMost, Rounds(expected.Value), expected.IsMet))], one.Problems))]);

    private IEnumerable<Part> Parts(ShownClaim one)
    {
        yield return new Prose($"  claimed: {one.Claim.Said} ({one.Claim.Source})");
        foreach (ShownExpectation expected in one.Expectations)
        {
            string answer = expected.IsMet switch { true => "yes", false => "no", null => "open" };
            yield return new Prose($"  {answer}: {Sentence(expected)}");
        }
        if (one.Reason is { } reason) yield return new Prose($"  {reason}");
        if (one.Claim.Limits is { } limits) yield return new Prose($"  with {cores.ToString(CultureInfo.InvariantCulture)} "
            + $"cores here: "
            + limits);
        foreach (string problem in one.Problems) yield return new Prose($"  ! {problem}", Mood.Warn);
        yield return new Table([$"figure on {one.Claim.Workload}", "arm", new("here", true)],
            [.. one.Figures.Select(figure => (IReadOnlyList<Cell>)[figure.Figure, figure.Arm, Value(figure.Value,
                figure.Unit)])]);
    }

    private static string Sentence(ShownExpectation one)
    {
        string what = one.Against is { } against ? $"{one.Figure}, {one.Arm} ÷ {against}" : $"{one.Figure}, {one.Arm}";
        string bound = one.AtLeast is { } least ? $"at least {Plain(least)}" : $"at most {Plain(one.AtMost!.Value)}";
        string unit = one.Against is null ? "" : "×";
        string value = one.Value is { } rounds
            ? $"{Plain(rounds.Median)}{unit} [{Plain(rounds.Low)}, {Plain(rounds.High)}]" : "not measured";
        return $"{what}: {value}, expected {bound}";
    }

    private static string Value(RoundsOf? value, string unit)
    {
        string Shown(double one) => unit.Length == 0 ? Plain(one) : Quantity.Format(one, unit);
        return value is null ? "–" : $"{Shown(value.Median)} [{Shown(value.Low)}, {Shown(value.High)}]";
    }

    private static string Plain(double value) => Math.Abs(value) >= 100 ? value.ToString("N0", CultureInfo.InvariantCulture)
        : value.ToString(Math.Abs(value) >= 10 ? "0.0" : "0.##", CultureInfo.InvariantCulture);

    private static Mood MoodOf(ShownClaim shown) => shown.Verdict switch
    {
        ClaimVerdict.Holds => Mood.Good,
        ClaimVerdict.DoesNotHold => Mood.Bad,
        _ => Mood.Warn,
    };

    private static string Word(ClaimVerdict verdict) => verdict switch
    {
        ClaimVerdict.Holds => "holds",
        ClaimVerdict.DoesNotHold => "does not hold",
        _ => "cannot be shown here",
    };

    private static RoundsJson? Rounds(RoundsOf? value) =>
        value is null ? null : new RoundsJson(value.Median, value.Low, value.High, value.Rounds);
}
