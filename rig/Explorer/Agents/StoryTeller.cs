using System.Diagnostics;
using Lab.Explorer.Model;
using Lab.Explorer.Seam;
using Lab.Mmu;

namespace Lab.Explorer.Agents;

/// <summary>Writes down an execution for people: each event with the place in the source it comes from, and the roots where they
/// changed.</summary>
internal sealed unsafe class StoryTeller(AgentController agents, SmallMemory memory, RootWatch watch)
{
    // SAFETY: a node of kind root is the header of one of SmallMemory's roots, which stays mapped.
    private readonly List<Step> _steps = [];
    private readonly Dictionary<ulong, RootView> _seen = [];

    /// <summary>By agent: where its last turn began, and the one before.</summary>
    private readonly Dictionary<int, (int Before, int Last)> _turns = [];

    /// <summary>Steps that changed a word, of whatever kind.</summary>
    private readonly HashSet<int> _writes = [];

    public IReadOnlyList<Step> Steps => _steps;

    /// <summary>The agent begins a turn of a loop.</summary>
    public void BeginTurn(Agent me) =>
        _turns[me.Index] = (_turns.GetValueOrDefault(me.Index).Last, _steps.Count);

    /// <summary>What the agent has done in its present turn, but for reads; or if that changes nothing, in the one
    /// before.</summary>
    public IReadOnlyList<string> TurnOf(Agent me, bool works)
    {
        (int before, int last) = _turns.GetValueOrDefault(me.Index);
        IReadOnlyList<string> present = works ? Since(last, me) : [];
        return present.Count > 0 ? present : before > 0 ? [.. Done(me, before, last)] : [];
    }

    /// <summary>What the agent has done since so many steps had been told, but for reads.</summary>
    public IReadOnlyList<string> Since(int step, Agent me) => [.. Done(me, step, _steps.Count)];

    private IEnumerable<string> Done(Agent me, int from, int to) =>
        Enumerable.Range(from, to - from)
            .Where(at => _steps[at].Agent == me.Index && (_steps[at].IsNotable || _writes.Contains(at)))
            .Select(at => _steps[at].What);

    public void Tell(Agent me, OperationKind kind, nint word, ulong old, ulong value)
    {
        string name = agents.WordName(word);
        bool isCount = memory.OwnerOf(word) == WordOwner.Root && SmallMemory.IsCount(memory.RootOf(word), word);
        string what = kind switch
        {
            OperationKind.Load => $"load {name} = {Text(word, old)}",
            OperationKind.Drain => $"buffered store reaches {name} = {Text(word, value)}",
            OperationKind.Modify when old == value => $"compare {name}: is {Text(word, old)}, unchanged",
            OperationKind.Modify when isCount && value > old => $"get {SmallMemory.NameOf(memory.RootOf(word))} {old}→{value}",
            OperationKind.Modify when isCount => $"put {SmallMemory.NameOf(memory.RootOf(word))} {(long)old}→{(long)value}",
            OperationKind.Store or OperationKind.Modify when IsInvalidation(word, old, value) =>
                $"invalidate {SmallMemory.NameOf(memory.RootOf(word))}",
            _ when isCount => $"set count of {SmallMemory.NameOf(memory.RootOf(word))} {old}→{value}",
            _ => $"{name} {Text(word, old)}→{Text(word, value)}",
        };
        bool notable = kind != OperationKind.Load && (isCount || IsInvalidation(word, old, value)
            || memory.OwnerOf(word) != WordOwner.Other || kind == OperationKind.Drain);
        if (old != value && kind != OperationKind.Load) _writes.Add(_steps.Count);
        Add(me, what, notable && old != value && !name.EndsWith(".previous", StringComparison.Ordinal));
    }

    public void Tell(Agent me, OperationKind kind, object thing)
    {
        string what = kind switch
        {
            OperationKind.EnterExclusive => $"lock {NameOf(thing)}",
            OperationKind.EnterShared => $"lock {NameOf(thing)} shared",
            OperationKind.ExitExclusive or OperationKind.ExitShared => $"unlock {NameOf(thing)}",
            OperationKind.IsContended => $"queue for {NameOf(thing)}",
            OperationKind.Synchronize => $"grace period of {NameOf(thing)} over",
            OperationKind.Flush => $"{NameOf(thing)} flushed",
            OperationKind.Work => $"take {SmallMemory.NameOf((TdpRoot)thing)} from the queue",
            _ => kind.ToString(),
        };
        Add(me, what, thing is not TicketLock);
    }

    public void Tell(Agent me, bool queued, TdpRoot root, WorkQueue queue) =>
        Add(me, queued ? $"queue {SmallMemory.NameOf(root)}" : $"queue {SmallMemory.NameOf(root)}: is already queued", true);

    public void TellFree(Agent me, nint node, RcuKind kind)
    {
        if (kind == RcuKind.Root) Add(me, $"grace period over: {SmallMemory.NameOf(new TdpRoot((RootHeader*)node))} freed", true);
    }

    private static bool IsInvalidationBit(ulong old, ulong value) => ((old ^ value) & RootRole.Invalid) != 0;

    private bool IsInvalidation(nint word, ulong old, ulong value) =>
        memory.OwnerOf(word) == WordOwner.Root && SmallMemory.IsRole(memory.RootOf(word), word) && IsInvalidationBit(old, value);

    private string Text(nint word, ulong value)
    {
        if (memory.OwnerOf(word) == WordOwner.Table)
        {
            return value switch { Spte.NonPresent => "empty", Spte.Frozen => "frozen", Spte.Poison => "poison",
                _ => Spte.IsWritable(value) ? "present" : "read-only" };
        }
        if (value != 0 && value == watch.ListHead) return "list";
        if (value > 4096 && memory.OwnerOf((nint)value) == WordOwner.Root) return SmallMemory.NameOf(memory.RootOf((nint)value));
        return value < 4096 ? value.ToString(System.Globalization.CultureInfo.InvariantCulture)
            : agents.ValueText(value);
    }

    private static string NameOf(object thing) => thing switch
    {
        MmuLock readWrite => readWrite.Name,
        TicketLock spin => spin.Name,
        SleepingLock mutex => mutex.Name,
        RwSemaphore semaphore => semaphore.Name,
        Rcu rcu => rcu.Name,
        WorkQueue queue => $"queue {queue.Name}",
        _ => "?",
    };

    private void Add(Agent me, string what, bool notable)
    {
        List<RootView> changed = [];
        foreach (TdpRoot root in memory.Made)
        {
            RootView view = watch.View(root);
            if (_seen.TryGetValue(root.Id, out RootView? before) && before == view) continue;
            _seen[root.Id] = view;
            changed.Add(view);
        }
        _steps.Add(new Step(me.Index, what, Place(), changed, notable || changed.Count != 0));
    }

    /// <summary>The innermost frame of the strategy, or else of the MMU: file and line of the code that made the event.</summary>
    private static string? Place()
    {
        string? inner = null;
        foreach (StackFrame frame in new StackTrace(skipFrames: 2, fNeedFileInfo: true).GetFrames())
        {
            Type? type = frame.GetMethod()?.DeclaringType;
            string? assembly = type?.Assembly.GetName().Name;
            if (assembly is null or "Lab.Explorer" or "System.Private.CoreLib" || frame.GetFileName() is not { } file) continue;
            string place = $"{Path.GetFileName(file)}:{frame.GetFileLineNumber()}";
            if (assembly != "Lab.Mmu") return place;
            inner ??= place;
        }
        return inner;
    }
}
