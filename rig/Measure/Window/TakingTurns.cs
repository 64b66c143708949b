namespace Lab.Measure;

/// <summary>All actors on one thread, for the bound without synchronisation: the vCPUs run untimed until the guest has touched
/// its memory, then the updater's step is timed, and never made longer.</summary>
/// <param name="name">Of the one actor that the run knows.</param>
public sealed class TakingTurns(string name) : IDriver
{
    public MeasuredRun Run(
        IReadOnlyList<IMeasuredActor> actors, WindowSettings settings, IWindowObserver? observer = null,
        CancellationToken cancellation = default) =>
        TimedMeasurement.Run([new AllInTurn(name, actors)], settings with { Injection = null }, observer, cancellation);

    private sealed class AllInTurn(string name, IReadOnlyList<IMeasuredActor> actors) : IMeasuredActor
    {
        /// <summary>Stays in the guest per vCPU between two updates: enough to map the memory of a smoke run again.</summary>
        private const int TurnsPerUpdate = 4096;

        private readonly IMeasuredActor _timed = actors.FirstOrDefault(actor => actor.Role == ActorRole.Updater) ?? actors[0];
        private readonly IMeasuredActor[] _untimed =
            [.. actors.Where(actor => actor.Role == ActorRole.Vcpu)
                .Skip(actors.All(actor => actor.Role == ActorRole.Vcpu) ? 1 : 0)];

        public string Name => name;

        public ActorRole Role => ActorRole.Other;

        public IReadOnlyList<string> Metrics => _timed.Metrics;

        public bool KeepsTime => _timed.KeepsTime;

        public bool IsWarm => _timed.IsWarm;

        public IReadOnlyList<string> PhaseNames => _timed.PhaseNames;

        public ReadOnlySpan<long> Phases => _timed.Phases;

        public void Begin()
        {
            foreach (IMeasuredActor vcpu in _untimed) vcpu.Begin();
            _timed.Begin();
        }

        public void Prepare()
        {
            for (int turn = 0; turn < TurnsPerUpdate; turn++)
            {
                foreach (IMeasuredActor vcpu in _untimed)
                {
                    vcpu.Prepare();
                    vcpu.Step();
                }
            }
            _timed.Prepare();
        }

        public int Step() => _timed.Step();

        public void Quiesce()
        {
            foreach (IMeasuredActor vcpu in _untimed) vcpu.Quiesce();
            _timed.Quiesce();
        }

        public void End()
        {
            foreach (IMeasuredActor vcpu in _untimed) vcpu.End();
            _timed.End();
        }
    }
}
