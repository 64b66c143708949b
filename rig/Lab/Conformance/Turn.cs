using System.Runtime.ExceptionServices;
using Lab.Mmu;

namespace Lab.Application.Conformance;

/// <summary>A thread that is an actor of its own and does what it is given, one thing after the other, while the giver
/// waits.</summary>
internal sealed class Turn : IDisposable
{
    private readonly SemaphoreSlim _given = new(0);
    private readonly SemaphoreSlim _done = new(0);
    private readonly Thread _thread;
    private Action? _action;
    private Exception? _failure;
    private Actor? _actor;

    public Turn(string name)
    {
        _thread = new Thread(Work) { IsBackground = true, Name = name };
        _thread.Start();
        _done.Wait();
    }

    public Actor Actor => _actor!;

    /// <summary>Returns when the thread has done it; what it threw is thrown here.</summary>
    public void Take(Action action)
    {
        _action = action;
        _given.Release();
        _done.Wait();
        if (_failure is { } failure) ExceptionDispatchInfo.Capture(failure).Throw();
    }

    public void Dispose()
    {
        _action = null;
        _given.Release();
        _thread.Join();
        _given.Dispose();
        _done.Dispose();
    }

    private void Work()
    {
        _actor = Actor.Enter(Thread.CurrentThread.Name!);
        _done.Release();
        while (true)
        {
            _given.Wait();
            if (_action is not { } action) break;
            try
            {
                action();
            }
#pragma warning disable CA1031 // Whatever it is, the giver gets it.
            catch (Exception failure)
#pragma warning restore CA1031
            {
                _failure = failure;
            }
            _done.Release();
        }
        Actor.Leave();
    }
}
