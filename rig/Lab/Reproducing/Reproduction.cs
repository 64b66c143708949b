using System.Globalization;
using Lab.Application.Comparing;
using Lab.Application.Settings;
using Lab.Results;
using Lab.Results.Comparisons;
using Lab.Results.Statistics;
using Lab.Settings;

namespace Lab.Application.Reproducing;

/// <summary>What became of a claim.</summary>
public enum ClaimVerdict
{
    Holds,
    DoesNotHold,

    /// <summary>Rounds disagree, or something was not measured.</summary>
    CannotBeShown,
}

/// <summary>A figure over the rounds; low and high are the least and the greatest of them.</summary>
public sealed record RoundsOf(double Median, double Low, double High, int Rounds);

/// <summary>A figure of an arm.</summary>
public sealed record ShownFigure(string Figure, string Unit, string Arm, RoundsOf? Value);

/// <summary>A bound and what it was held against.</summary>
public sealed record ShownExpectation(
    string Figure, string Arm, string? Against, double? AtLeast, double? AtMost, RoundsOf? Value, bool? IsMet);

/// <summary>A claim, and what this machine shows.</summary>
public sealed record ShownClaim(
    Claim Claim, ClaimVerdict Verdict, string? Reason, IReadOnlyList<ShownFigure> Figures,
    IReadOnlyList<ShownExpectation> Expectations, IReadOnlyList<string> Problems)
{
    /// <summary>An arm broke an invariant that should not.</summary>
    public bool HasBroken { get; init; }
}

/// <summary>Measures claims: each arm once per round, each run in a process of its own, rounds in the order ABBA.</summary>
/// <param name="place">Where runs happen.</param>
/// <param name="runs">Where their folders are.</param>
/// <param name="settings">How often and how long.</param>
/// <param name="progress">For people: a line per round, and what went wrong.</param>
public sealed class Reproduction(IRunPlace place, string runs, ReproductionSettings settings, TextWriter progress)
{
    /// <summary>Start of a process, warm-up until the guest is mapped, a load that becomes steady, the end.</summary>
    private const double StartSeconds = 3.2;
    private readonly RunStore _store = new(runs);
    private bool _hasBroken;

    /// <summary>How long it will take, about.</summary>
    public TimeSpan Estimate(IEnumerable<Claim> claims) => claims.Sum(claim => claim.Arms.Count) * settings.Rounds
        * (settings.Duration + settings.Warmup + TimeSpan.FromSeconds(StartSeconds));

    /// <summary>The claim with all rounds, or with those that there were when it was interrupted; null if there was
    /// none.</summary>
    public ShownClaim? Show(Claim claim, CancellationToken cancellation)
    {
        List<double?[,]> rounds = [];
        List<string> problems = [];
        _hasBroken = false;
        for (int round = 1; round <= settings.Rounds && !cancellation.IsCancellationRequested; round++)
        {
            progress.WriteLine($"{claim.Id}, round {round} of {settings.Rounds}");
            if (Measure(claim, round, problems, cancellation) is not { } values) break;
            rounds.Add(values);
        }
        return rounds.Count == 0 ? null : Judge(claim, rounds, problems) with { HasBroken = _hasBroken };
    }

    /// <summary>The verdict of a claim from its figures: by round, arm and figure.</summary>
    public static ShownClaim Judge(Claim claim, IReadOnlyList<double?[,]> rounds, IReadOnlyList<string> problems)
    {
        List<ShownFigure> figures = [];
        foreach ((int figure, ClaimFigure one) in claim.Figures.Index())
        {
            foreach ((int arm, ClaimArm of) in claim.Arms.Index())
            {
                figures.Add(new ShownFigure(one.Name, one.Unit, of.Label, Over(rounds, round => round[arm, figure])));
            }
        }
        List<ShownExpectation> expectations = [.. claim.Expectations.Select(one => Hold(claim, one, rounds))];
        (ClaimVerdict verdict, string? reason) = Sum(expectations);
        return new ShownClaim(claim, verdict, reason, figures, expectations, [.. problems.Distinct()]);
    }

    private static ShownExpectation Hold(Claim claim, Expectation one, IReadOnlyList<double?[,]> rounds)
    {
        int figure = claim.Figures.Index().First(other => other.Item.Name == one.Figure).Index;
        int arm = ArmOf(claim, one.Arm);
        int? against = one.Against is { } label ? ArmOf(claim, label) : null;
        RoundsOf? value = Over(rounds, round =>
            against is { } other ? round[arm, figure] / round[other, figure] : round[arm, figure]);
        // Met, or not met, by all rounds; else they disagree.
        bool? isMet = value is null ? null
            : one.IsMetBy(value.Low) && one.IsMetBy(value.High) ? true
            : !one.IsMetBy(value.Median) && one.IsMetBy(value.Low) == one.IsMetBy(value.High) ? false
            : null;
        return new ShownExpectation(one.Figure, one.Arm, one.Against, one.AtLeast, one.AtMost, value, isMet);
    }

    private static (ClaimVerdict Verdict, string? Reason) Sum(List<ShownExpectation> expectations)
    {
        if (expectations.Find(one => one.IsMet == false) is { } failed)
        {
            return (ClaimVerdict.DoesNotHold,
                $"{failed.Figure} of {failed.Arm} is on the other side of its bound in every round");
        }
        if (expectations.Find(one => one.Value is null) is { } missing)
        {
            return (ClaimVerdict.CannotBeShown, $"no run of {missing.Arm} gave {missing.Figure}");
        }
        return expectations.Find(one => one.IsMet is null) is { } open
            ? (ClaimVerdict.CannotBeShown, $"the rounds disagree on {open.Figure} of {open.Arm}; more or longer ones may decide")
            : (ClaimVerdict.Holds, null);
    }

    private static RoundsOf? Over(IReadOnlyList<double?[,]> rounds, Func<double?[,], double?> of)
    {
        double[] values = [.. rounds.Select(of).OfType<double>().Where(double.IsFinite)];
        return values.Length == 0 ? null : new RoundsOf(Spread.Median(values), values.Min(), values.Max(), values.Length);
    }

    private static int ArmOf(Claim claim, string label) => claim.Arms.Index().First(arm => arm.Item.Label == label).Index;

    /// <summary>What the arm does not say itself.</summary>
    private IEnumerable<string> CommonOptions(ClaimArm arm)
    {
        (string Option, string Value)[] common =
        [
            ("--duration", Quantities.Describe(settings.Duration)), ("--warmup", Quantities.Describe(settings.Warmup)),
            ("--memory", "64MiB"), ("--vcpus", settings.Vcpus.ToString(CultureInfo.InvariantCulture)),
        ];
        return common.Where(one => !arm.Options.Contains(one.Option)).SelectMany(one => (string[])[one.Option, one.Value]);
    }

    private double?[,]? Measure(Claim claim, int round, List<string> problems, CancellationToken cancellation)
    {
        double?[,] values = new double?[claim.Arms.Count, claim.Figures.Count];
        foreach (int index in BlockOrder.Of(round, claim.Arms.Count, seed: 1))
        {
            ClaimArm arm = claim.Arms[index];
            using ChildRun child = new(new ComparisonArm
            {
                Label = arm.Label, Source = ArmSource.Strategy, Strategy = arm.Subject,
                Arguments = ["--workload", claim.Workload, .. CommonOptions(arm), .. arm.Options],
            }, seed: (ulong)round);
            child.Start(place, abreast: 1, cancellation);
            if (child.End(index, cancellation) is not { } ended) return null;
            bool hasBroken = ended.ExitCode == ExitCode.InvariantViolated && !claim.MayBreak;
            _hasBroken |= hasBroken;
            if (ended.Problem is { } problem && (hasBroken || !claim.MayBreak)) problems.Add(problem);
            if (ended.Run is not { } folder || hasBroken) continue;
            RunRecord run = _store.Open(folder);
            foreach ((int figure, ClaimFigure one) in claim.Figures.Index()) values[index, figure] = one.Of(run, arm);
        }
        return values;
    }
}

/// <summary>How a claim is measured.</summary>
/// <param name="Rounds">Each runs every arm once.</param>
/// <param name="Duration">Of each window.</param>
/// <param name="Warmup">Before each.</param>
/// <param name="Vcpus">Where the claim does not say.</param>
public sealed record ReproductionSettings(int Rounds, TimeSpan Duration, TimeSpan Warmup, int Vcpus)
{
    public static SettingGroup Group { get; } = new("reproduce");
    public static Setting<int> RoundsAsked { get; } = Group.Add(
        "rounds", Form.Whole(2, 100), "4", "rounds; each runs every arm of a claim once");
    public static Setting<TimeSpan> DurationAsked { get; } = Group.Add(
        "duration", Form.Duration(TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(10)), "600ms",
        "length of each measured window");
    public static Setting<int> VcpusAsked { get; } = Group.Add(
        "vcpus", Form.Whole(1, 256), "4", "vCPUs, where a claim is not about their number");
    public static Setting<string> Out { get; } = Group.Add(
        "out", Form.Text, Path.Combine("results", "reproductions"), "folder for the reports and their runs");
    public static Setting<OutputFormat> Format { get; } = Group.Add(
        "format", Form.Words<OutputFormat>(), "table", "standard output");

    public static ReproductionSettings Of(SettingValues values) => new(values.Of(RoundsAsked), values.Of(DurationAsked),
        TimeSpan.FromMilliseconds(200), values.Of(VcpusAsked));
}
