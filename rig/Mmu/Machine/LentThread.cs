namespace Lab.Mmu;

/// <summary>A background thread that is lent to one piece of work at a time and kept for the next. A VM's reclaimer and workers
/// live as long as the VM; starting an operating-system thread for each would take a new allocation buffer every time, and a
/// workload that makes VMs would collect garbage for that alone.</summary>
/// <remarks>The borrower calls <see cref="Join"/> exactly once; the thread goes back to the spare ones then. One of another
/// priority is for one piece of work alone: only privilege gets back what niceness gave away.</remarks>
internal sealed class LentThread
{
    private static readonly Lock Registry = new();
    private static readonly Stack<LentThread> Spare = new();

    private readonly object _monitor = new();
    private readonly int _nice;
    private string _name = "";
    private Action? _work;

    private LentThread(int nice)
    {
        _nice = nice;
        new Thread(Serve) { IsBackground = true, Name = "lent" }.UnsafeStart();
    }

    /// <summary>Runs <paramref name="work"/> on a spare thread, or on a new one, as an actor of that name.</summary>
    internal static LentThread Start(string name, Action work, int nice = 0)
    {
        LentThread thread;
        lock (Registry) thread = nice == 0 && Spare.TryPop(out LentThread? spare) ? spare : new LentThread(nice);
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
        if (_nice != 0) return;
        lock (Registry) Spare.Push(this);
    }

    private void Serve()
    {
        // A refusal leaves it ordinary: who asks for what needs privilege asks beforehand whether it is there.
        if (_nice != 0) Libc.BeNice(_nice);
        do
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
        while (_nice == 0);
    }
}
