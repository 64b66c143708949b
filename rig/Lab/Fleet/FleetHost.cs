using System.Globalization;
using Lab.Application.Measuring;
using Lab.Explorer;
using Lab.Measure;
using Lab.Results;
using Lab.Results.Fleet;
using Lab.Results.Tracking;

namespace Lab.Application.Fleet;

/// <summary>This machine and this program, as the units that are done here name them.</summary>
/// <param name="Machine">Who it is.</param>
/// <param name="Unfit">What is bad here for a measurement, a fact each; empty where nothing is.</param>
public sealed record FleetHost(FleetMachine Machine, IReadOnlyList<string> Unfit)
{
    /// <summary>Others may have so much of a core.</summary>
    private const double OthersMax = 0.5;

    /// <summary>They tell of the last minute and the last ten seconds, in which the unit before this one was done here.</summary>
    private static readonly string[] Past = ["load", "pressure"];

    /// <summary>Names the program's code: equal on all machines that were given the same build.</summary>
    public static string Build { get; } = PlanFolder.HashOf([.. new[]
    {
        typeof(Explore).Assembly, typeof(Manifest).Assembly, typeof(FleetHost).Assembly,
        typeof(Lab.Strategies.Catalogue).Assembly, typeof(Lab.Workloads.Catalogue).Assembly, typeof(Lab.Mmu.VmSettings).Assembly,
    }.SelectMany(part => part.ManifestModule.ModuleVersionId.ToByteArray())])[..12];

    /// <summary>The build as somebody would look for it.</summary>
    public static string? Commit => EnvironmentFingerprint.Read(AppContext.BaseDirectory).Commit;

    /// <param name="measures">Whether it shall be asked how fit the machine is, which takes a third of a second.</param>
    public static FleetHost Examine(bool measures)
    {
        MachineFiles files = new();
        string? before = files.ReadLine("/proc/stat");
        TimeSpan own = Environment.CpuUsage.TotalTime;
        IReadOnlyList<MachineFact> facts = measures ? DoctorFindings.Examine("/dev/kvm", noise: null).Facts
            : DoctorFindings.Cheap("/dev/kvm");
        double others = Others(before, files.ReadLine("/proc/stat"), Environment.CpuUsage.TotalTime - own);
        string microcode = Microcode();
        MachineFacts machine = ThisMachine.Facts(EnvironmentFingerprint.Read()) with
            { Facts = facts.ToDictionary(fact => fact.Name, fact => fact.Value) };
        return new FleetHost(
            new FleetMachine
            {
                Host = Environment.MachineName, Facts = machine, Microcode = microcode,
                BootId = WriterProcess.Current.BootId,
                Class = Fingerprint.Of(new Dictionary<string, string>
                    { ["machine"] = Fingerprint.Of(machine), ["microcode"] = microcode }, except: []),
            },
            !measures ? [] : [.. facts.Where(fact => fact.State == FactState.Bad && !Past.Contains(fact.Name))
                .Select(fact => $"{fact.Name} {fact.Value}"),
                .. others > OthersMax ? [string.Create(CultureInfo.InvariantCulture, $"others use {others:0.0} cores just now")]
                    : (string[])[]]);
    }

    /// <summary>Cores that others used, on average.</summary>
    private static double Others(string? before, string? after, TimeSpan own)
    {
        if (Ticks(before) is not { } from || Ticks(after) is not { } to || to.All <= from.All) return 0;
        double seconds = (to.All - from.All) / (100.0 * Environment.ProcessorCount);
        return ((to.Busy - from.Busy) / 100.0 - own.TotalSeconds) / seconds;
    }

    private static (long Busy, long All)? Ticks(string? line)
    {
        long[] fields = [.. (line ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).Take(8).Select(
            field => long.TryParse(field, NumberStyles.None, CultureInfo.InvariantCulture, out long ticks) ? ticks : 0)];
        const int idle = 3, waiting = 4;
        return fields.Length < 8 ? null : (fields.Sum() - fields[idle] - fields[waiting], fields.Sum());
    }

    private static string Microcode()
    {
        try
        {
            return File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("microcode", StringComparison.Ordinal))
                ?.Split(':')[^1].Trim() ?? "";
        }
        catch (IOException)
        {
            return "";
        }
    }
}
