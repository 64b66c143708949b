using Lab.Results;

namespace Lab.Plots;

/// <summary>What the guest got done meanwhile: a counter per second of each vCPU, a group of bars per strategy. A strategy may be
/// quick at the update and still starve the vCPUs, or only one of them.</summary>
public static class RatePerVcpuFigure
{
    private const string Vcpu = "vcpu";

    /// <summary>Counters of a scene that vCPUs have per second.</summary>
    public static IReadOnlyList<string> CountersIn(RunRecord run, Scene scene) =>
    [
        .. run.Counters.Where(
            row => row.Scene == scene && IsOfVcpu(row) && row.Counter.EndsWith("_per_s", StringComparison.Ordinal))
            .Select(row => row.Counter)
            .Distinct(),
    ];

    public static Plot Draw(RunRecord run, Scene scene, string counter)
    {
        const double GroupShare = 0.8;
        IReadOnlyList<string> strategies = run.StrategiesIn(scene);
        List<CounterRow> rows = [.. run.Counters.Where(row => row.Scene == scene && row.Counter == counter && IsOfVcpu(row))];
        List<string> vcpus = [.. rows.Select(row => row.Actor).Distinct().OrderBy(actor => actor.Length).ThenBy(actor => actor,
            StringComparer.Ordinal)];
        string what = counter.Replace("_per_s", "", StringComparison.Ordinal).Replace('_', ' ');
        // Few vCPUs get bars thick enough to be labelled; with many, the shape of the group has to do.
        double thickness = Math.Clamp(64.0 / Math.Max(vcpus.Count, 1), 1.5, 13);
        string repetitions = StrategyLooks.RepetitionsOf(run, scene);
        Plot plot = new()
        {
            Title = $"{what} per second of each vCPU, {scene}",
            Subtitle = $"from top to bottom {Names(vcpus)} · "
                + $"{(repetitions == "1 run" ? repetitions : $"mean of {repetitions}, whisker from the lowest to the highest")} "
                + "· longer is better",
            Description = $"For each strategy, a bar per vCPU with its {what} per second, under {scene}.",
            Height = 110 + (strategies.Count * Math.Max((int)(thickness * vcpus.Count / GroupShare), 26)),
        };
        StrategyLooks looks = new(run);
        plot.Left.SetTicks(strategies.Select(looks.NameOf));
        plot.Bottom.Label = $"{what} per second";
        plot.Bottom.Unit = "1/s";

        foreach ((int group, string strategy) in strategies.Index())
        {
            List<Bar> bars = [];
            foreach ((int index, string vcpu) in vcpus.Index())
            {
                List<double> values = [.. rows.Where(row =>
                    row.Strategy == strategy && row.Actor == vcpu && double.IsFinite(row.Value)).Select(row => row.Value)];
                if (values.Count == 0) continue;
                double mean = values.Average();
                bars.Add(new Bar(group - (GroupShare / 2) + ((index + 0.5) * GroupShare / vcpus.Count), 0, mean,
                    GroupShare / vcpus.Count * 0.84, $"{strategy}, {vcpu}: {Quantity.Format(mean, "1/s")}")
                {
                    Label = thickness >= 12 ? Quantity.Format(mean, "1/s") : "",
                    Spread = values.Count > 1 ? (values.Min(), values.Max()) : null,
                });
            }

            plot.Bars(bars, looks.Of(strategy).Tone);
        }

        return plot;
    }

    private static bool IsOfVcpu(CounterRow row) => row.Actor.StartsWith(Vcpu, StringComparison.Ordinal);

    private static string Names(List<string> vcpus) => vcpus.Count switch
    {
        0 => "no vCPU",
        1 => vcpus[0],
        _ => $"{vcpus[0]} to {vcpus[^1]}",
    };
}
