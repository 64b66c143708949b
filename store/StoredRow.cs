using Lab.Results.Tracking;

namespace Lab.Store;

/// <summary>A number of a run as a store keeps it: what a history has, and where in a comparison it was measured.</summary>
/// <param name="Row">The number.</param>
/// <param name="Arm">Label of the comparison's arm; the strategy where there is none.</param>
/// <param name="Block">Number of the comparison's block; 0 where there is none.</param>
/// <param name="Verdict">What the oracles said of the measurement.</param>
/// <param name="Environment">Short name of processor, kernel, runtime and what was found of the machine.</param>
public sealed record StoredRow(HistoryRow Row, string Arm, int Block, string Verdict, string Environment)
{
    /// <summary>Short name of what must be equal for two numbers to be of one load on one machine, but for metric and
    /// quantile.</summary>
    public string Series => Fingerprint.Of(new Dictionary<string, string>
    {
        ["settings"] = Row.Settings, ["strategy"] = Row.Strategy, ["workload"] = Row.Workload, ["mmu"] = Row.Mmu, ["arm"] = Arm,
    }, except: []);
}
