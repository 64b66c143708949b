namespace Lab.Mmu;

/// <summary>A first-come-first-served spin lock in native memory. Waiters spin briefly, then sleep on a futex: unlike in a kernel
/// the holder may have lost its processor.</summary>
public sealed unsafe class TicketLock : IDisposable
{
    private const long SleepNanosecondsMax = 1_000_000;
    private readonly NativeBlock _block = new(4096);
    private readonly uint* _next;
    private readonly uint* _serving;
    private readonly uint* _sleepers;
    private readonly string _waitName;

    public TicketLock(string name)
    {
        Name = name;
        _waitName = $"{name} (spin lock)";
        // SAFETY: three words on their own cache lines inside the block owned by this lock.
        _next = (uint*)_block.Address;
        _serving = (uint*)(_block.Address + 64);
        _sleepers = (uint*)(_block.Address + 128);
    }

    public string Name { get; }

    /// <summary>All that it guards are shared words, which whoever controls the machine sees anyway.</summary>
    public bool GuardsOnlyWords { get; init; }

    /// <summary>True if somebody holds the lock or waits for it.</summary>
    public bool IsHeld => Volatile.Read(ref *_next) != Volatile.Read(ref *_serving);

    public void Enter()
    {
        uint ticket = Interlocked.Increment(ref *_next) - 1;
        if (Volatile.Read(ref *_serving) == ticket) return;
        Actor actor = Actor.Current;
        actor.BeginWait(_waitName, Metal.Now);
        AwaitTurn(ticket);
        actor.EndWait(Metal.Now);
    }

    public void Exit()
    {
        // Full fence: the sleepers count below must be read after the new turn is visible. Pairs with the increment in AwaitTurn.
        Interlocked.Increment(ref *_serving);
        if (Volatile.Read(ref *_sleepers) != 0) Libc.FutexWakeAll(_serving);
    }

    public void Dispose() => _block.Dispose();

    private void AwaitTurn(uint ticket)
    {
        for (int turn = 0; turn < MmuLock.SpinTurns; turn++)
        {
            if (Volatile.Read(ref *_serving) == ticket) return;
            Thread.SpinWait(8);
        }

        for (uint serving; (serving = Volatile.Read(ref *_serving)) != ticket;)
        {
            Interlocked.Increment(ref *_sleepers);
            // The kernel compares the word again under its own lock: a turn that passed meanwhile makes this return at once.
            Libc.FutexWait(_serving, serving, SleepNanosecondsMax);
            Interlocked.Decrement(ref *_sleepers);
        }
    }
}

/// <summary>A mutex whose waiters sleep: slots_lock.</summary>
public sealed class SleepingLock(string name)
{
    private readonly Lock _lock = new();
    private readonly string _waitName = $"{name} (mutex)";

    public string Name { get; } = name;

    public bool IsHeldByCaller => _lock.IsHeldByCurrentThread;

    public void Enter()
    {
        if (_lock.TryEnter()) return;
        Actor actor = Actor.Current;
        actor.BeginWait(_waitName, Metal.Now);
        _lock.Enter();
        actor.EndWait(Metal.Now);
    }

    public void Exit() => _lock.Exit();
}
