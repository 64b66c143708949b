using System.Globalization;

namespace Lab.Explorer.Orders;

/// <summary>An event of an execution that is shown.</summary>
/// <param name="Label">One or two letters.</param>
/// <param name="Thread">Number of its thread.</param>
/// <param name="Text">What it does and to what value, as <c>W[release] y=1</c>.</param>
/// <param name="Line">Of the test; 0 where no line says it.</param>
public sealed record DrawnEvent(string Label, int Thread, string Text, int Line)
{
    /// <summary>File and line of the code that made it, as <c>LastPut.cs:31</c>; null for a test's.</summary>
    public string? Place { get; init; }
}

/// <summary>How a program calls what an execution is about.</summary>
/// <param name="Word">Name of the word of that number.</param>
/// <param name="Value">A value, which may be a word's address.</param>
/// <param name="Line">Of the test, of a site.</param>
internal sealed record EventNames(Func<int, string> Word, Func<long, string> Value, Func<int, int> Line);

/// <summary>An arrow between two events, by their labels.</summary>
public sealed record DrawnEdge(string From, string To, string Name)
{
    public override string ToString() => $"{From} →{Name} {To}";
}

/// <summary>An execution as it is shown: events by thread, who reads from whom, in which order writes reach a word, and the cycle
/// that makes it one that a sequentially consistent machine does not have, or that the model forbids.</summary>
/// <param name="Events">By thread, in program order.</param>
/// <param name="Edges">rf, co and fr; co only to the next write.</param>
/// <param name="Cycle">A shortest cycle of po, rf, co and fr; empty if the execution is sequentially consistent.</param>
/// <param name="ForbiddenBy">Axiom of the model that it breaks; null if the model allows it.</param>
/// <param name="ForbiddenCycle">The axiom's own cycle, in the model's relations.</param>
public sealed record DrawnExecution(
    IReadOnlyList<DrawnEvent> Events, IReadOnlyList<DrawnEdge> Edges, IReadOnlyList<DrawnEdge> Cycle, string? ForbiddenBy,
    IReadOnlyList<DrawnEdge> ForbiddenCycle)
{
    private static readonly SequentialModel Sequential = new();

    internal static DrawnExecution Of(EventNames names, Execution x, Axiom? broken)
    {
        DrawnEvent[] events =
        [
            .. x.Events.Select((e, index) => new DrawnEvent(Label(index), x.ThreadOf(index), Text(names, e),
                e.Site >= 0 ? names.Line(e.Site) : 0)),
        ];
        List<DrawnEdge> edges = [];
        Relation toNext = x.Co - (x.Co >> x.Co);
        Relation fromNext = x.Fr - (x.Fr >> x.Co);
        foreach ((string name, Relation relation) in ((string, Relation)[])[("rf", x.Rf), ("co", toNext), ("fr", fromNext)])
        {
            edges.AddRange(relation.Pairs.Select(pair => new DrawnEdge(Label(pair.From), Label(pair.To), name)));
        }
        return new DrawnExecution(events, edges, Drawn(Sequential.Broken(x)), broken?.Name, Drawn(broken));
    }

    /// <summary>The edges of a cycle, one behind the other.</summary>
    public static string Chain(IReadOnlyList<DrawnEdge> cycle) =>
        cycle.Count == 0 ? "" : cycle[0].From + string.Concat(cycle.Select(edge => $" →{edge.Name} {edge.To}"));

    private static IReadOnlyList<DrawnEdge> Drawn(Axiom? broken) =>
        broken is null ? [] : [.. broken.Cycle().Select(edge => new DrawnEdge(Label(edge.From), Label(edge.To), edge.Name))];

    internal static string Label(int index) =>
        index < 26 ? ((char)('a' + index)).ToString() : $"{(char)('a' + (index / 26) - 1)}{(char)('a' + (index % 26))}";

    private static string Text(EventNames names, MemoryEvent e)
    {
        if (e.Kind == MemoryEventKind.Fence) return $"F[{FenceName(e.Fence)}]";
        string[] details =
        [
            .. e.Lock switch
            {
                LockPart.Lock => (string[])["lock"],
                LockPart.Unlock => ["unlock"],
                LockPart.Look => ["look"],
                _ => [e.Order switch
                {
                    EventOrder.Acquire => "acquire",
                    EventOrder.Release => "release",
                    EventOrder.Full => "full",
                    EventOrder.AcquireRelease => e.IsRead ? "acquire" : "release",
                    EventOrder.Sequential => "seq_cst",
                    _ => "once",
                }],
            },
            .. e.IsAtomic && e.Lock == LockPart.None ? (string[])["rmw"] : [],
        ];
        return string.Create(CultureInfo.InvariantCulture,
            $"{(e.IsRead ? "R" : "W")}[{string.Join(' ', details)}] {names.Word(e.Location)}={names.Value(e.Value)}");
    }

    private static string FenceName(FenceKind fence) => fence switch
    {
        FenceKind.Full or FenceKind.OfModification => "mb",
        FenceKind.Store => "wmb",
        FenceKind.Load => "rmb",
        FenceKind.BeforeAtomic => "before-atomic",
        FenceKind.AfterAtomic => "after-atomic",
        FenceKind.AfterSpinLock => "after-spinlock",
        FenceKind.AfterUnlockLock => "after-unlock-lock",
        FenceKind.GracePeriod => "sync-rcu",
        FenceKind.Acquire => "acquire",
        FenceKind.Release => "release",
        FenceKind.AcquireRelease => "acq_rel",
        FenceKind.Sequential => "seq_cst",
        FenceKind.EnterRcu => "rcu-lock",
        _ => "rcu-unlock",
    };
}
