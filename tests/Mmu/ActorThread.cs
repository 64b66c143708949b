using Lab.Mmu;
using Xunit;

namespace Lab.Tests.Mmu;

/// <summary>A thread that is an actor from start to end, so that tests can ask what it waits for instead of sleeping and
/// hoping.</summary>
internal sealed class ActorThread
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(180);
    private readonly Thread _thread;
    private readonly Gate _entered = new();
    private Exception? _failure;
    private Actor? _actor;

    public ActorThread(string name, Action work)
    {
        _thread = new Thread(() =>
        {
            _actor = Actor.Enter(name);
            _entered.Open();
            try
            {
                work();
            }
            catch (Exception failure)
            {
                _failure = failure;
            }
            Actor.Leave();
        }) { IsBackground = true, Name = name };
        _thread.Start();
        _entered.Await($"{name} to start");
    }

    /// <summary>What the thread counted; also after it ended.</summary>
    public ActorCounters Counters => _actor!.Counters;

    public bool IsWaitingFor(string what) => _actor!.WaitingFor?.Contains(what, StringComparison.Ordinal) == true;

    public void AwaitWaitingFor(string what) =>
        Gate.AwaitThat(() => IsWaitingFor(what) || _failure is not null, $"{_thread.Name} to wait for {what}");

    public void Join()
    {
        if (!_thread.Join(Limit)) Assert.Fail($"{_thread.Name} did not end; it waits for: {_actor!.WaitingFor ?? "nothing"}");
        if (_failure is not null) throw new InvalidOperationException($"{_thread.Name} failed", _failure);
    }

    /// <summary>Runs the work on a thread each, begun together; returns what they counted.</summary>
    public static IReadOnlyList<ActorCounters> RunTogether(params IReadOnlyList<Action> work)
    {
        Gate start = new();
        ActorThread[] threads =
        [
            .. work.Select((one, index) => new ActorThread($"actor{index}", () =>
            {
                start.Await("the start");
                one();
            })),
        ];
        start.Open();
        foreach (ActorThread thread in threads) thread.Join();
        return [.. threads.Select(thread => thread.Counters)];
    }
}

/// <summary>Opened once; whoever awaits it goes on then. A wait that never ends fails the test and says what was
/// missing.</summary>
internal sealed class Gate
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);
    private volatile bool _open;

    public bool IsOpen => _open;

    public void Open() => _open = true;

    public void Await(string what) => AwaitThat(() => _open, what);

    public static void AwaitThat(Func<bool> condition, string what)
    {
        if (!SpinWait.SpinUntil(condition, Limit)) Assert.Fail($"waited {Limit.TotalSeconds} s for {what}");
    }
}
