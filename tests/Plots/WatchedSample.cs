using Lab.Results;

namespace Lab.Tests.Plots;

/// <summary>A measurement as one that was watched leaves it: thousands of short disturbances, some long ones, some that no clock
/// located.</summary>
internal static class WatchedSample
{
    internal static MeasurementRows Of(MeasurementRows rows)
    {
        MeasurementKey key = rows.Measurement.Key;
        Random random = new(HashCode(key));
        List<DisturbanceRow> disturbances = [];
        Add("involuntary-switch", 2000, 0.02, "vcpu0", located: true, "");
        Add("run-queue-delay", 60, 1.5, "updater", located: true, "waited for a core");
        Add("gc-pause", 2, 4, "", located: true, "generation 0");
        Add("steal", 8, 100, "", located: false, "40 ms of it");
        return rows with
        {
            Measurement = rows.Measurement with { Watched = true },
            Disturbances = disturbances,
            Undisturbed =
            [
                .. rows.Summary.Select(row => new UndisturbedRow
                {
                    Strategy = row.Strategy, Workload = row.Workload, Mmu = row.Mmu, Run = row.Run, Metric = row.Metric,
                    Unit = row.Unit,
                    Count = row.Count - 7, Tagged = 7, P50 = row.P50, P90 = row.P90, P99 = Without(row, row.P99),
                    P999 = Without(row, row.P999), P9999 = Without(row, row.P9999), Max = Without(row, row.Max),
                }),
            ],
            Tagged =
            [
                .. rows.Summary.Take(2).Select(row => new TaggedSampleRow
                {
                    Strategy = row.Strategy, Workload = row.Workload, Mmu = row.Mmu, Run = row.Run, Metric = row.Metric,
                    Unit = row.Unit,
                    Actor = "updater", StartMs = random.NextDouble() * 5000, Value = row.Max,
                    Kinds = "run-queue-delay+involuntary-switch",
                }),
            ],
        };

        static double Without(SummaryRow row, double value) => Math.Max(row.P90, value * 0.7);

        void Add(string kind, int count, double meanMs, string actor, bool located, string detail)
        {
            for (int at = 0; at < count; at++)
            {
                disturbances.Add(new DisturbanceRow
                {
                    Strategy = key.Strategy, Workload = key.Workload, Mmu = key.Mmu, Run = key.Run, Kind = kind,
                    StartMs = Math.Round(random.NextDouble() * 5000, 3),
                    LengthMs = Math.Round(-meanMs * Math.Log(1 - random.NextDouble()), 3),
                    Actor = actor, Located = located, Detail = detail,
                });
            }
        }
    }

    /// <summary>Equal in every process.</summary>
    private static int HashCode(MeasurementKey key) =>
        key.Strategy.Concat(key.Workload).Aggregate(key.Run, (hash, c) => unchecked((hash * 31) + c));
}
