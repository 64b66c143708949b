namespace Lab.Mmu;

/// <summary>A sleeping reader/writer semaphore (kernel: rw_semaphore). Unlike mmu_lock it may be held across sleeps and other
/// locks, and nobody asks which thread entered.</summary>
/// <remarks>Fair, as the kernel's: who arrives while somebody waits queues behind it, so a reader that comes after a waiting
/// writer waits for that writer. Reader-preferring: readers get in whenever no writer is in, and a writer may wait for ever.
/// Whoever leaves hands the semaphore to those it is due to before anybody else can take it. Ordering: entering is at least
/// acquire, leaving at least release, by the monitor inside.</remarks>
/// <param name="name">For reports.</param>
/// <param name="isFair">False for reader-preferring.</param>
public sealed class RwSemaphore(string name, bool isFair = true)
{
    private readonly Lock _lock = new();
    private readonly LinkedList<Waiter> _waiting = new();
    private readonly string _sharedWait = $"{name}, shared";
    private readonly string _exclusiveWait = $"{name}, exclusive";
    private int _readers;
    private bool _writer;

    public string Name { get; } = name;

    public bool IsFair { get; } = isFair;

    public void EnterShared() => Enter(exclusive: false);

    public void EnterExclusive() => Enter(exclusive: true);

    public void ExitShared()
    {
        lock (_lock)
        {
            _readers--;
            HandOn();
        }
    }

    public void ExitExclusive()
    {
        lock (_lock)
        {
            _writer = false;
            HandOn();
        }
    }

    /// <summary>Takes it from whoever holds it (init_rwsem on one in use). Legal only where nobody waits and nobody who holds it
    /// will leave. True if somebody held it.</summary>
    public bool Reinitialise()
    {
        lock (_lock)
        {
            bool wasHeld = _writer || _readers != 0;
            (_readers, _writer) = (0, false);
            HandOn();
            return wasHeld;
        }
    }

    private void Enter(bool exclusive)
    {
        Waiter waiter;
        lock (_lock)
        {
            if ((_waiting.Count == 0 || (!IsFair && !exclusive)) && TryTake(exclusive)) return;
            waiter = new Waiter(exclusive);
            _waiting.AddLast(waiter);
        }
        Actor actor = Actor.Current;
        actor.BeginWait(exclusive ? _exclusiveWait : _sharedWait, Metal.Now);
        waiter.Turn.Wait();
        actor.EndWait(Metal.Now);
    }

    private bool TryTake(bool exclusive)
    {
        if (_writer || (exclusive && _readers != 0)) return false;
        if (exclusive) _writer = true;
        else _readers++;
        return true;
    }

    /// <summary>Lets in whoever is due: the first in line and the readers right behind it, or with readers preferred all readers
    /// first.</summary>
    private void HandOn()
    {
        if (!IsFair)
        {
            for (LinkedListNode<Waiter>? here = _waiting.First, next; here is not null; here = next)
            {
                next = here.Next;
                if (!here.Value.IsExclusive && TryTake(exclusive: false)) LetIn(here);
            }
        }
        while (_waiting.First is { } first && TryTake(first.Value.IsExclusive)) LetIn(first);
    }

    private void LetIn(LinkedListNode<Waiter> waiter)
    {
        _waiting.Remove(waiter);
        waiter.Value.Turn.Release();
    }

    private sealed class Waiter(bool exclusive)
    {
        public bool IsExclusive { get; } = exclusive;

        public SemaphoreSlim Turn { get; } = new(0);
    }
}
