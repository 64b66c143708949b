using Lab.Hardware;
using Lab.Measure;
using Lab.Time;

namespace Lab.Application.Measuring;

/// <summary>What the doctor found: every fact, in the order of the groups, and the noise floor where it was measured.</summary>
public sealed record DoctorFindings(IReadOnlyList<MachineFact> Facts, NoiseFloor? Noise)
{
    private static readonly TimeSpan StealWindow = TimeSpan.FromMilliseconds(300);

    /// <summary>Reads everything that is cheap: milliseconds, no measurement. The facts of a manifest.</summary>
    public static IReadOnlyList<MachineFact> Cheap(string kvmDevice, string? earlierStat = null)
    {
        // What was tried stands before what files say of it.
        return InOrder([.. HardwareFacts.Of(HardwareProbe.Read(kvmDevice), kvmDevice),
            .. DoctorFacts.Read(new MachineFiles(), Clock.Default.Info, earlierStat)]);
    }

    /// <param name="kvmDevice">Usually /dev/kvm.</param>
    /// <param name="noise">How long to measure the noise floor; null leaves it out.</param>
    public static DoctorFindings Examine(string kvmDevice, TimeSpan? noise)
    {
        MachineFiles files = new();
        string? stat = DoctorFacts.Stat(files);
        NoiseFloor? floor = noise is { } length ? NoiseFloor.Measure(length, Clock.Default) : null;
        if (floor is null) Thread.Sleep(StealWindow); // steal is counted in ticks: it needs some time to show
        return new DoctorFindings(InOrder([.. Cheap(kvmDevice, stat), .. floor?.Facts() ?? []]), floor);
    }

    public bool HasBad => Facts.Any(fact => fact.State == FactState.Bad);

    private static List<MachineFact> InOrder(IEnumerable<MachineFact> facts) =>
        [.. facts.OrderBy(fact => DoctorFacts.Groups.TakeWhile(group => group != fact.Group).Count())];
}
