using Lab.Results;

namespace Lab.Plots;

/// <summary>How a strategy looks in every figure of a run: the same colour everywhere, bounds grey, a name that says
/// BROKEN.</summary>
internal sealed class StrategyLooks(RunRecord run)
{
    private readonly List<string> _coloured = [.. run.Strategies.Where(strategy => !run.IsBound(strategy))];

    /// <summary>Strategies after the last colour begin again with the first, dashed.</summary>
    internal Look Of(string strategy) => new(
        run.IsBound(strategy) ? Tone.Muted : Tone.Series(_coloured.IndexOf(strategy)), NameOf(strategy))
    {
        Pattern = run.IsBound(strategy) || _coloured.IndexOf(strategy) >= Tone.SeriesCount
            ? LinePattern.Dashed : LinePattern.Solid,
    };

    internal string NameOf(string strategy) =>
        run.IsBroken(strategy) ? $"{strategy} (BROKEN)" : run.IsBound(strategy) ? $"{strategy} (bound)" : strategy;

    /// <summary>A height at which a legend beside the data has room for every strategy.</summary>
    internal static int HeightFor(int strategies) => Math.Max(440, 120 + (20 * strategies));

    internal static string RepetitionsOf(RunRecord run, Scene scene)
    {
        int runs = run.Manifest.Measurements.Where(m => m.Scene == scene).Select(m => m.Run).Distinct().Count();
        return Plural.Of(runs, "run");
    }
}
