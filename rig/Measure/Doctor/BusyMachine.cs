using System.Globalization;
using Lab.Settings;

namespace Lab.Measure;

/// <summary>Says before a run whether others want the cores, and waits until they do not.</summary>
/// <param name="against">What speaks against measuring now; none if nothing does.</param>
/// <param name="pause">Returns after so long, or earlier if it is interrupted.</param>
/// <param name="say">Takes a line for people.</param>
public sealed class BusyMachine(
    Func<IReadOnlyList<MachineFact>> against, Action<TimeSpan> pause, Action<string> say)
{
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(2);

    /// <summary>Load and pressure, where they are bad: what passes when others are done.</summary>
    public static IReadOnlyList<MachineFact> Against(MachineFiles files)
    {
        ArgumentNullException.ThrowIfNull(files);
        return [.. LoadFacts.Passing(files).Where(fact => fact.State == FactState.Bad)];
    }

    /// <summary>Returns when nothing speaks against it, after at most so long, or soon after an interruption.</summary>
    public void Await(TimeSpan most, CancellationToken cancellation)
    {
        IReadOnlyList<MachineFact> found = against();
        if (found.Count == 0) return;
        if (most == TimeSpan.Zero)
        {
            say($"the machine is busy ({Told(found)}), so threads that measure wait for cores; --wait-quiet 5m waits until it is "
                + "not.");
            return;
        }
        say($"the machine is busy ({Told(found)}); waiting up to {Quantities.Describe(most)} until it is not.");
        TimeSpan waited = TimeSpan.Zero;
        while (found.Count > 0 && waited < most && !cancellation.IsCancellationRequested)
        {
            TimeSpan length = most - waited < Step ? most - waited : Step;
            pause(length);
            waited += length;
            found = against();
        }
        if (cancellation.IsCancellationRequested) return;
        string after = string.Create(CultureInfo.InvariantCulture, $"after {waited.TotalSeconds:0} s");
        say(found.Count == 0 ? $"not busy any more {after}." : $"still busy {after} ({Told(found)}); measuring all the same.");
    }

    private static string Told(IEnumerable<MachineFact> facts) =>
        string.Join("; ", facts.Select(fact => $"{fact.Name} {fact.Value}"));
}
