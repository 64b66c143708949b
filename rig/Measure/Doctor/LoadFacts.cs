using System.Globalization;

namespace Lab.Measure;

/// <summary>Who else is at work now.</summary>
internal static class LoadFacts
{
    private const string Group = "now";
    private const int StealField = 8;

    /// <param name="files">The machine.</param>
    /// <param name="earlierStat">The first line of /proc/stat some time ago; null compares with the start of the machine.</param>
    public static IEnumerable<MachineFact> Read(MachineFiles files, string? earlierStat)
    {
        return [.. Passing(files), Steal(earlierStat, files.ReadLine("/proc/stat"))];
    }

    /// <summary>Of the last seconds to a minute.</summary>
    public static IEnumerable<MachineFact> Passing(MachineFiles files) =>
        [Load(files.ReadLine("/proc/loadavg"), Math.Max(1, files.OnlineCpus().Count)), Pressure(files)];

    private static MachineFact Load(string? text, int cores)
    {
        if (!double.TryParse((text ?? "").Split(' ')[0], CultureInfo.InvariantCulture, out double load))
        {
            return new(Group, "load", "unknown", FactState.Unknown, "The load is unknown.");
        }
        string value = string.Create(CultureInfo.InvariantCulture, $"{load:0.00} on {cores} cores, last minute");
        const string remedy = "top; stop what need not run, and wait a minute";
        return (load / cores) switch
        {
            < 0.1 => new(Group, "load", value, FactState.Good, "Hardly anything else wanted to run."),
            < 0.5 => new(Group, "load", value, FactState.Fair,
                "Other work ran at times: stalls of a time slice (a few ms) show in the tail.", remedy),
            _ => new(Group, "load", value, FactState.Bad,
                "Other work wants the cores: measuring threads wait, a few ms at a time.", remedy),
        };
    }

    private static MachineFact Pressure(MachineFiles files)
    {
        string? some = files.ReadLine("/proc/pressure/cpu")?.Split(' ')
            .FirstOrDefault(field => field.StartsWith("avg10=", StringComparison.Ordinal))?["avg10=".Length..];
        if (!double.TryParse(some, CultureInfo.InvariantCulture, out double percent))
        {
            return new(Group, "pressure", "not shown", FactState.Unknown, "It is unknown how long threads wait for a core.",
                "boot with psi=1");
        }
        string value = string.Create(CultureInfo.InvariantCulture, $"{percent:0.#} % of the last 10 s");
        const string meaning = "Share of time in which some thread waited for a core.";
        return percent switch
        {
            < 1 => new(Group, "pressure", value, FactState.Good, meaning),
            < 10 => new(Group, "pressure", value, FactState.Fair, meaning, "top; stop what need not run"),
            _ => new(Group, "pressure", value, FactState.Bad, meaning, "top; stop what need not run"),
        };
    }

    private static MachineFact Steal(string? earlier, string? now)
    {
        if (Times(now) is not { } all) return new(Group, "steal", "unknown", FactState.Unknown,
            "It is unknown how often the host took cores away.");
        (double stolen, double total) =
            Times(earlier) is { } before ? (all.Stolen - before.Stolen, all.Total - before.Total) : all;
        double percent = total > 0 ? 100 * stolen / total : 0;
        string value =
            string.Create(CultureInfo.InvariantCulture, $"{percent:0.0} % {(earlier is null ? "since boot" : "just now")}");
        return percent switch
        {
            < 0.1 => new(Group, "steal", value, FactState.Good, "The host ran nothing else on this system's cores."),
            < 2 => new(Group, "steal", value, FactState.Fair, "The host ran other work on these cores at times: stalls "
                + "invisible from here.", "use a VM with dedicated cores"),
            _ => new(Group, "steal", value, FactState.Bad, "The host runs other work on these cores: stalls invisible from here.",
                "use a VM with dedicated cores, or bare metal"),
        };
    }

    /// <summary>cpu user nice system idle iowait irq softirq steal guest guest_nice: guests are in user already.</summary>
    private static (double Stolen, double Total)? Times(string? line)
    {
        string[] fields = (line ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length <= StealField || fields[0] != "cpu") return null;
        double[] ticks = [.. fields.Skip(1).Take(StealField)
            .Select(field => double.TryParse(field, CultureInfo.InvariantCulture, out double number) ? number : 0)];
        return (ticks[^1], ticks.Sum());
    }
}
