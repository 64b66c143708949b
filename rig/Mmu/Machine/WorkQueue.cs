namespace Lab.Mmu;

/// <summary>Settings of the queue's worker threads.</summary>
/// <param name="Name">As it appears in what an actor waits for, and in the workers' names.</param>
/// <param name="Workers">Worker threads, at least one.</param>
/// <param name="Nice">Of the worker threads; zero: as the process.</param>
public readonly record struct WorkQueueSettings(string Name, int Workers, int Nice = 0);

/// <summary>A queue of roots with real worker threads (kernel: an unbound workqueue whose items are roots). An item that is
/// queued and has not started is not queued again; one that runs may be.</summary>
public sealed unsafe class WorkQueue : IDisposable
{
    // SAFETY: roots' headers stay mapped for the life of the VM, also after a root is freed, and the VM stops its workers first.
    private const ulong Idle = 0;
    private const ulong Queued = 1;

    private readonly object _monitor = new();
    private readonly WorkQueueSettings _settings;
    private readonly Action<TdpRoot> _work;
    private readonly LentThread?[] _threads;
    private readonly ulong[] _running;
    private RootHeader* _head;
    private RootHeader* _tail;
    private ulong _lastColor;
    private bool _stop;

    /// <param name="settings">Name and number of threads.</param>
    /// <param name="work">What a worker does with each root, on its own thread and without any lock held.</param>
    public WorkQueue(WorkQueueSettings settings, Action<TdpRoot> work)
    {
        _settings = settings;
        _work = work;
        _running = new ulong[settings.Workers];
        _threads = new LentThread?[settings.Workers];
    }

    public string Name => _settings.Name;

    /// <summary>Whether workers of this process may be so nice.</summary>
    public static bool MayBeNice(int nice)
    {
        bool may = false;
        // A thread that ends: it could not be sure to get its own niceness back.
        Thread tried = new(() => may = Libc.BeNice(nice));
        tried.Start();
        tried.Join();
        return may;
    }

    /// <summary>Items executed since the queue was made.</summary>
    public long Executed { get; private set; }

    /// <summary>What an item's work threw first; null if none did. The item counts as done: who waits for it hangs for another
    /// reason, or for none.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Most items that were queued and not started at any time.</summary>
    public int BacklogMax { get; private set; }

    private int Backlog { get; set; }

    /// <summary>Queues the root behind what is there; false if it is queued already (it will run once).</summary>
    internal bool Enqueue(TdpRoot root)
    {
        lock (_monitor)
        {
            if (!Append(root)) return false;
            if (_threads[0] is null && !_stop) StartWorkers();
            Monitor.PulseAll(_monitor);
            return true;
        }
    }

    /// <summary>What a worker does with an item, for a machine with workers of its own.</summary>
    internal void Execute(TdpRoot root) => _work(root);

    /// <summary>Queues without waking a worker; <see cref="RunAllHere"/> runs the items on the caller's thread.</summary>
    internal bool EnqueueUnstarted(TdpRoot root) => Append(root);

    internal void RunAllHere()
    {
        while (_head != null) _work(Take(worker: 0));
        _running[0] = 0;
    }

    /// <summary>Waits until every item queued before the call has finished.</summary>
    internal void Flush()
    {
        Actor actor = Actor.Current;
        lock (_monitor)
        {
            ulong color = _lastColor;
            if (IsFinished(color)) return;
            actor.BeginWait($"flush of work queue {_settings.Name}", Metal.Now);
            while (!IsFinished(color)) Monitor.Wait(_monitor);
            actor.EndWait(Metal.Now);
        }
    }

    /// <summary>Runs what is queued, then ends the workers (destroy_workqueue).</summary>
    public void Dispose()
    {
        lock (_monitor)
        {
            if (_stop) return;
            _stop = true;
            Monitor.PulseAll(_monitor);
        }
        foreach (LentThread? thread in _threads) thread?.Join();
    }

    private void StartWorkers()
    {
        for (int index = 0; index < _threads.Length; index++)
        {
            int number = index;
            _threads[index] = LentThread.Start($"{_settings.Name}/{index}", () => Work(number), _settings.Nice);
        }
    }

    private bool Append(TdpRoot root)
    {
        RootHeader* item = root.Header;
        if (item->WorkState == Queued) return false;
        item->WorkState = Queued;
        item->WorkColor = ++_lastColor;
        item->WorkNext = 0;
        if (_tail == null) _head = item;
        else _tail->WorkNext = (ulong)item;
        _tail = item;
        Backlog++;
        if (Backlog > BacklogMax) BacklogMax = Backlog;
        return true;
    }

    private TdpRoot Take(int worker)
    {
        RootHeader* item = _head;
        _head = (RootHeader*)item->WorkNext;
        if (_head == null) _tail = null;
        // From here on the item may be queued again, as in the kernel: "pending" ends when the work starts.
        item->WorkState = Idle;
        _running[worker] = item->WorkColor;
        Backlog--;
        Executed++;
        return new TdpRoot(item);
    }

    private bool IsFinished(ulong color)
    {
        // The queue is in color order, so its head is the oldest that has not started.
        if (_head != null && _head->WorkColor <= color) return false;
        foreach (ulong running in _running) if (running != 0 && running <= color) return false;
        return true;
    }

    private void Work(int worker)
    {
        while (true)
        {
            TdpRoot root;
            lock (_monitor)
            {
                _running[worker] = 0;
                Monitor.PulseAll(_monitor);
                while (_head == null && !_stop) Monitor.Wait(_monitor);
                if (_head == null) break;
                root = Take(worker);
            }
            try
            {
                _work(root);
            }
            catch (Exception thrown) // a thread of the process's that nobody catches ends the process
            {
                Failure ??= thrown;
            }
        }
    }
}
