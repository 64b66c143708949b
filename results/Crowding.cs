using System.Globalization;

namespace Lab.Results;

/// <summary>Whether the machine is too small for the load: nobody else took its processors, and yet samples waited for one. That
/// is no contamination, but part of what was measured.</summary>
public static class Crowding
{
    /// <summary>Share of samples that may wait for the lab's own threads without a word.</summary>
    public const double OwnWaitsMost = 0.01;

    /// <summary>A line that says so, and what would fit; null where the load fits.</summary>
    public static string? Of(IEnumerable<RunRecord> runs)
    {
        ArgumentNullException.ThrowIfNull(runs);
        (RunRecord Run, double Share)[] crowded = [.. runs.SelectMany(run => run.Manifest.Measurements
            .Where(one => one.OwnWaits > OwnWaitsMost).Select(one => (run, one.OwnWaits!.Value)))];
        if (crowded.Length == 0) return null;
        Manifest manifest = crowded[0].Run.Manifest;
        int cores = manifest.Machine.Cores;
        // Beside vCPUs and updater there are workers, reclaimers and the watch, which together need about one more.
        const int beside = 2;
        string vcpus = manifest.Settings.GetValueOrDefault("vcpus", "");
        string fits = !int.TryParse(vcpus, NumberStyles.None, CultureInfo.InvariantCulture, out int asked) ? ""
            : cores - beside >= 1 && cores - beside < asked ? $"; --vcpus {cores - beside} would fit"
            : $"; {Plural.Of(asked, "vCPU")} would fit {asked + beside} cores";
        return string.Create(CultureInfo.InvariantCulture,
            $"small machine: up to {crowded.Max(one => one.Share):P0} of the samples waited for a core that the lab's own "
                + $"threads had, on {Plural.Of(cores, "core")}{fits}.");
    }
}
