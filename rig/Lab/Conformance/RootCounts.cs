namespace Lab.Application.Conformance;

/// <summary>What one part of a VM's life did with roots, in a trace.</summary>
/// <param name="Part">updater, worker, vcpu or destroyer.</param>
/// <param name="Zaps">Passes over roots.</param>
/// <param name="Tables">Tables taken out.</param>
/// <param name="Puts">References dropped.</param>
/// <param name="Queued">Work items queued.</param>
/// <param name="References">Reference counts that its puts met, in order.</param>
public sealed record RootCounts(string Part, int Zaps, int Tables, int Puts, int Queued, IReadOnlyList<long> References)
{
    /// <summary>Of each part that did anything.</summary>
    /// <exception cref="FormatException">A line of the trace is not understood.</exception>
    public static IReadOnlyList<RootCounts> Of(string name, IReadOnlyList<string> lines)
    {
        ILookup<Part, NormalEvent> parts =
            RecordedTrace.Parse(name, lines).Events.Select(one => one.Event).ToLookup(one => one.Part);
        return [.. parts.OrderBy(part => part.Key).Select(part =>
        {
            int Count(Verb verb) => part.Count(one => one.Verb == verb);
            return new RootCounts(part.Key.ToString().ToLowerInvariant(), Count(Verb.Zap), Count(Verb.ZapPage), Count(Verb.Put),
                Count(Verb.Queue), [.. part.Where(one => one.Verb == Verb.Put).Select(one => one.Count ?? 0)]);
        }).Where(one => one.Zaps + one.Tables + one.Puts + one.Queued > 0)];
    }
}
