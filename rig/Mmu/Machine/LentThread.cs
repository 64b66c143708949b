namespace Lab.Mmu;

/// <summary>A background thread that is lent to one piece of work at a time and kept for the next. A VM's reclaimer and workers
/// live as long as the VM; starting an operating-system thread for each would take a new allocation buffer every time, and a
/// workload that makes VMs would collect garbage for that alone.</summary>
/// <remarks>The borrower calls <see cref="Join"/> exactly once; the thread goes back to the spare ones then.</remarks>
internal sealed class LentThread
{
    private static readonly Lock Registry = new();
    private static readonly Stack<LentThread> Spare = new();

    private readonly object _monitor = new();
    private string _name = "";
    private Action? _work;

    private LentThread() => new Thread(Serve) { IsBackground = true, Name = "lent" }.UnsafeStart();

    /// <summary>Runs <paramref name="work"/> on a spare thread, or on a new one, as an actor of that name.</summary>
    internal static LentThread Start(string name, Action work)
    {
        LentThread thread;
        lock (Registry) thread = Spare.TryPop(out LentThread? spare) ? spare : new LentThread();
        lock (thread._monitor)
        {
            thread._name = name;
            thread._work = work;
            Monitor.PulseAll(thread._monitor);
        }
        return thread;
    }

    /// <summary>Waits until the work has returned, and gives the thread back.</summary>
    internal void Join()
    {
        lock (_monitor) while (_work is not null) Monitor.Wait(_monitor);
        lock (Registry) Spare.Push(this);
    }

    private void Serve()
    {
        while (true)
        {
            lock (_monitor) while (_work is null) Monitor.Wait(_monitor);
            Thread.CurrentThread.Name = _name;
            Actor.Enter(_name);
            _work();
            Actor.Leave();
            lock (_monitor)
            {
                _work = null;
                Monitor.PulseAll(_monitor);
            }
        }
    }
}
