using System.Diagnostics;
using Lab.Explorer.Orders;
using Lab.Explorer.Seam;
using Lab.Mmu;

namespace Lab.Explorer.Candidates;

/// <summary>How a run of a thread's body ended, apart from coming to its end.</summary>
internal enum TraceEnd : byte
{
    No,

    /// <summary>It waits for one of the words it has looked at.</summary>
    Waits,

    /// <summary>The turn it was on trial for does something: the body is to be run again, past it.</summary>
    TurnCounts,

    /// <summary>It has made as many turns of a loop that works as are followed.</summary>
    TurnsUsedUp,

    /// <summary>It can go no further with the values it was given.</summary>
    Blocked,
}

/// <summary>Lets a thread's body write a trace: what it asks the machine becomes events with their orders and dependencies, and
/// what it reads is what the writer chooses. Nobody is ever switched to.</summary>
internal sealed partial class CandidateController(
    Locations locations, OrderModel model, CodeSites sites) : Controller, IDecisions
{
    private readonly SpinLoop _loop = new();
    private readonly Dictionary<(CodeDoing, int), int> _ordinals = [];
    private TraceWriter _writer = null!;
    private ulong _plain;
    private int _turnsSeen;
    private int _turnsCounted;
    private int _turns;
    private long _steps;

    internal TraceEnd End { get; private set; }

    /// <summary>Words, one of which has to change before the thread goes on.</summary>
    internal int[] WaitsFor { get; private set; } = [];

    /// <summary>Reads whose values the body got as plain numbers, a bit each: what depends on them cannot be seen.</summary>
    internal ulong Plain => _plain;

    /// <summary>Per event, file and line of the code that made it; null while nobody asks.</summary>
    internal List<string?>? Places { get; set; }

    /// <summary>Thread whose body runs. Any thread may read it.</summary>
    internal int Current { get; private set; }

    /// <summary>Calls so far. Any thread may read it.</summary>
    internal long Steps => Volatile.Read(ref _steps);

    /// <summary>Set by whoever gave up on the search: every further call unwinds.</summary>
    internal volatile bool IsAbandoned;

    /// <param name="writer">Where the events go; a run of it has begun.</param>
    /// <param name="thread">Whose body is to run.</param>
    /// <param name="turnsCounted">Turns of loops that are known to do something.</param>
    internal void Begin(TraceWriter writer, int thread, int turnsCounted)
    {
        (_writer, Current, _turnsCounted) = (writer, thread, turnsCounted);
        (_plain, _turnsSeen, _turns, _sections, End, WaitsFor) = (0, 0, 0, 0, TraceEnd.No, []);
        _ordinals.Clear();
        _held.Clear();
        Places?.Clear();
        _loop.BeginBody();
    }

    public void DecideBy(ulong reads)
    {
        if (!_loop.IsOnTrial) _writer.Control |= reads;
    }

    public override ulong Load(nint word) => LoadPlain(word, AccessOrder.Acquire);

    public override ulong LoadRelaxed(nint word) => LoadPlain(word, AccessOrder.Relaxed);

    public override TrackedValue LoadTracked(nint word, TrackedValue address)
    {
        int location = locations.OfWord(word);
        if (!Enter()) return LookAgain(location, _ => null);
        int site = Site(CodeDoing.Load, location, AccessOrder.Relaxed);
        Tracked read = _writer.Load(new Tracked(location, address.From), EventOrder.Relaxed, site);
        Looked(location, read.Value);
        return new TrackedValue(unchecked((ulong)read.Value), read.From, this);
    }

    public override void Store(nint word, ulong value) => Write(word, 0, value, AccessOrder.Release);

    public override void StoreRelaxed(nint word, ulong value) => Write(word, 0, value, AccessOrder.Relaxed);

    public override void StoreTracked(nint word, TrackedValue address, TrackedValue value, AccessOrder order)
    {
        if (order is not (AccessOrder.Relaxed or AccessOrder.Release))
        {
            throw new NotSupportedException($"A store is relaxed or a release, not {order}.");
        }
        Write(word, address.From, value, order);
    }

    public override ulong Modify(nint word, Modification how, ulong operand, ulong comparand) =>
        Modify(word, how, operand, comparand, AccessOrder.Full);

    public override ulong Modify(nint word, Modification how, ulong operand, ulong comparand, AccessOrder order)
    {
        int location = locations.OfWord(word);
        ulong? Written(ulong old) => how switch
        {
            Modification.Exchange => operand,
            Modification.CompareExchange => old == comparand ? operand : null,
            Modification.Add => unchecked(old + operand),
            Modification.Or => old | operand,
            _ => old & operand,
        };
        if (!Enter()) return LookAgain(location, Written);
        bool usesOld = how is not (Modification.Exchange or Modification.CompareExchange);
        Tracked old = _writer.Modify(location, (EventOrder)order,
            value => Written(unchecked((ulong)value.Value)) is { } fresh
                ? new Tracked(unchecked((long)fresh), usesOld ? value.From : 0) : null,
            Site(CodeDoing.Modify, location, order));
        _plain |= old.From;
        ulong found = unchecked((ulong)old.Value);
        if (Written(found) is { } written && written != found) Worked(location, written);
        else Looked(location, old.Value);
        return found;
    }

    public override void Fence() => AddFence(FenceKind.Full);

    public override void StoreFence() => AddFence(FenceKind.Store);

    public override void LoadFence() => AddFence(FenceKind.Load);

    public override void Interrupt() => throw new NotSupportedException(
        "Weak memory models say nothing about the interrupt of all vCPUs; explore the program under sc.");

    /// <summary>Events of the thread so far: time passes alike in every run that reads alike.</summary>
    public override long Timestamp() => _writer.Events.Count;

    private ulong LoadPlain(nint word, AccessOrder order)
    {
        int location = locations.OfWord(word);
        if (!Enter()) return LookAgain(location, _ => null);
        Tracked read = _writer.Load(location, (EventOrder)order, Site(CodeDoing.Load, location, order));
        _plain |= read.From;
        Looked(location, read.Value);
        return unchecked((ulong)read.Value);
    }

    private void Write(nint word, ulong address, TrackedValue value, AccessOrder order)
    {
        int location = locations.OfWord(word);
        if (!Enter()) CountTurn();
        _writer.Store(new Tracked(location, address), new Tracked(unchecked((long)value.Value), value.From), (EventOrder)order,
            Site(CodeDoing.Store, location, order));
        Worked(location, value.Value);
    }

    private void AddFence(FenceKind kind)
    {
        if (!Enter())
        {
            HoldOnTrial(0);
            return;
        }
        _writer.Fence(kind, -1);
        Placed();
        _loop.Rest(_writer.Events.Count - 1);
    }

    /// <summary>The access as the search for a fix names it: by thread, word and how often the thread has done that to
    /// it.</summary>
    private int Site(CodeDoing doing, int location, AccessOrder order)
    {
        int ordinal = _ordinals.GetValueOrDefault((doing, location)) + 1;
        _ordinals[(doing, location)] = ordinal;
        return sites.Of(new CodeSite(Current, doing, location, ordinal), order, isFirst: _writer.Events.Count == 0);
    }

    /// <summary>The events made since the last call are made by the code that is under way.</summary>
    private void Placed()
    {
        if (Places is not { } places) return;
        string? place = Place();
        while (places.Count < _writer.Events.Count) places.Add(place);
    }

    /// <summary>The innermost frame outside of the explorer and the machine: file and line of the code that made the
    /// event.</summary>
    private static string? Place()
    {
        foreach (StackFrame frame in new StackTrace(skipFrames: 2, fNeedFileInfo: true).GetFrames())
        {
            string? assembly = frame.GetMethod()?.DeclaringType?.Assembly.GetName().Name;
            if (assembly is null or "Lab.Mmu" or "System.Private.CoreLib" || frame.GetFileName() is not { } file) continue;
            // Programs that come with the explorer are in its assembly.
            if (assembly == "Lab.Explorer" && !file.Contains("Programs", StringComparison.Ordinal)) continue;
            return $"{Path.GetFileName(file)}:{frame.GetFileLineNumber()}";
        }
        return null;
    }

    /// <summary>Counts the step. False if the thread is on trial, when nothing it does is recorded.</summary>
    private bool Enter()
    {
        if (End != TraceEnd.No || IsAbandoned) throw ExecutionEndedException.Instance;
        Volatile.Write(ref _steps, _steps + 1);
        return !_loop.IsOnTrial;
    }

    private void Unwind(TraceEnd how)
    {
        End = how;
        throw ExecutionEndedException.Instance;
    }
}
