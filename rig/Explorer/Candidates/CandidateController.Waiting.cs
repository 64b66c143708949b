using Lab.Explorer.Orders;
using Lab.Explorer.Seam;
using Lab.Mmu;

namespace Lab.Explorer.Candidates;

/// <content>Turns of loops, locks and grace periods: where a thread may have to wait.</content>
/// <remarks>A turn that only looks is left out: an execution with it is one in which the thread came later. Locks are what the
/// kernel's are: a spin lock has an order of its own in the kernel's model; a reader-writer lock, a mutex and a semaphore acquire
/// and release.</remarks>
internal sealed partial class CandidateController
{
    private readonly HashSet<object> _held = new(ReferenceEqualityComparer.Instance);
    private int _sections;

    public override void Relax()
    {
        if (Enter()) EndTurn(isSpin: false);
        else EndTrialTurn();
    }

    public override void EnterExclusive(object theLock)
    {
        LockPart part = theLock is TicketLock ? LockPart.Lock : LockPart.None;
        Take(theLock, part, old => old == 0 ? 1 : null);
    }

    public override void EnterShared(object theLock) => Take(theLock, LockPart.None, old => (old & 1) == 0 ? old + 2 : null);

    public override void ExitExclusive(object theLock)
    {
        if (!Leave(theLock)) return;
        int location = locations.OfLock(theLock);
        _writer.Store(location, 0, EventOrder.Release, -1, theLock is TicketLock ? LockPart.Unlock : LockPart.None);
        Worked(location, 0);
    }

    public override void ExitShared(object theLock)
    {
        if (!Leave(theLock)) return;
        int location = locations.OfLock(theLock);
        Tracked old = _writer.Modify(location, EventOrder.Release, value => value with { Value = value.Value - 2 }, -1);
        Worked(location, unchecked((ulong)(old.Value - 2)));
    }

    public override void EnterRcu(Rcu rcu)
    {
        IsOfOneDomain(rcu);
        if (Enter()) Section(FenceKind.EnterRcu, +1);
        else HoldOnTrial(+1);
    }

    public override void ExitRcu(Rcu rcu)
    {
        IsOfOneDomain(rcu);
        if (!Enter())
        {
            HoldOnTrial(-1);
            return;
        }
        if (_sections == 0) throw new InvalidOperationException("A read-side section ends that was not entered.");
        Section(FenceKind.ExitRcu, -1);
    }

    public override void Synchronize(Rcu rcu)
    {
        IsOfOneDomain(rcu);
        if (model.RefusesGracePeriods is { } why)
        {
            throw new NotSupportedException(
                $"{model.Name} says nothing about Synchronize: {why}; sc, tso, arm and lkmm do.");
        }
        if (!Enter()) CountTurn();
        if (_sections > 0) throw new NotSupportedException("Synchronize inside a read-side section waits for itself.");
        _writer.Fence(FenceKind.GracePeriod, -1);
        Placed();
        _loop.Rest(_writer.Events.Count - 1);
    }

    /// <summary>The body has returned. Says whether it may.</summary>
    internal void EndOfBody()
    {
        if (End != TraceEnd.No) return;
        if (_loop.IsOnTrial) End = TraceEnd.TurnCounts;
        else if (_sections > 0) throw new NotSupportedException("A thread ends inside a read-side section.");
    }

    /// <summary>The body has thrown. False if it did so on trial, so that it has not happened yet.</summary>
    internal bool HasThrown()
    {
        if (End != TraceEnd.No) return false;
        if (!_loop.IsOnTrial) return true;
        End = TraceEnd.TurnCounts;
        return false;
    }

    /// <summary>The writer has no value that the thread could go on with.</summary>
    internal void IsBlocked() => End = TraceEnd.Blocked;

    private void Section(FenceKind kind, int change)
    {
        _sections += change;
        _writer.Fence(kind, -1);
        Placed();
        _loop.Rest(_writer.Events.Count - 1);
    }

    /// <summary>The models have one kind of read-side section.</summary>
    private void IsOfOneDomain(Rcu rcu)
    {
        if (ReferenceEquals(sites.Domain ??= rcu, rcu)) return;
        throw new NotSupportedException("Weak memory models know one RCU domain; the program uses two.");
    }

    private void Take(object theLock, LockPart part, Func<long, long?> change)
    {
        if (!Enter())
        {
            HoldOnTrial(+1);
            return;
        }
        int location = locations.OfLock(theLock);
        Tracked old = _writer.Modify(location, EventOrder.Acquire,
            value => change(value.Value) is { } fresh ? (Tracked)fresh : null, -1, part: part);
        Placed();
        if (change(old.Value) is not { } taken)
        {
            WaitsFor = [location];
            Unwind(TraceEnd.Waits);
            return;
        }
        _held.Add(theLock);
        _loop.Work(location, unchecked((ulong)taken), _writer.Events.Count - 1);
    }

    /// <summary>False if the thread is on trial, when leaving only has to match entering.</summary>
    private bool Leave(object theLock)
    {
        if (!Enter())
        {
            HoldOnTrial(-1);
            return false;
        }
        return _held.Remove(theLock) ? true : throw new InvalidOperationException("A lock is left that is not held.");
    }

    private void Looked(int location, long value)
    {
        Placed();
        _loop.Look(location, unchecked((ulong)value), _writer.Events.Count - 1);
        if (_loop.IsSuspect) EndTurn(isSpin: true);
    }

    private void Worked(int location, ulong value)
    {
        Placed();
        _loop.Work(location, value, _writer.Events.Count - 1);
    }

    /// <summary>The thread has come to the end of a turn, by its own word or because it repeats itself.</summary>
    private void EndTurn(bool isSpin)
    {
        if (_turnsSeen++ == _turnsCounted)
        {
            _loop.BeginTrial();
            return;
        }
        if (!isSpin && ++_turns > SpinLoop.TurnsMax) Unwind(TraceEnd.TurnsUsedUp);
        _loop.BeginTurn(_writer.Events.Count);
    }

    /// <summary>On trial: the turn ends as the one before it did.</summary>
    private void EndTrialTurn()
    {
        if (!_loop.IsProven) CountTurn();
        if (_loop.IsLastTurn()) Wait();
    }

    /// <summary>On trial: answers with what the thread read before, unless that shows that the turn does something.</summary>
    private ulong LookAgain(int location, Func<ulong, ulong?> written)
    {
        if (!_loop.TryLookAgain(location, out ulong value)) CountTurn();
        if (written(value) is { } fresh && fresh != value) CountTurn();
        if (_loop.IsEndless())
        {
            if (!_loop.IsProven) CountTurn();
            Wait();
        }
        return value;
    }

    private void HoldOnTrial(int change)
    {
        _loop.Hold(change);
        if (_loop.IsEndless()) CountTurn();
    }

    private void Wait()
    {
        WaitsFor = _loop.Looked;
        Unwind(TraceEnd.Waits);
    }

    private void CountTurn() => Unwind(TraceEnd.TurnCounts);
}
