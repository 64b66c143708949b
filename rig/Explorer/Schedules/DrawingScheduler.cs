using Lab.Explorer.Seam;

namespace Lab.Explorer.Schedules;

/// <summary>A scheduler that draws random numbers, and can draw the same ones again.</summary>
public abstract class DrawingScheduler : Scheduler
{
    private protected Dice _dice;
    private Dice _diceAtBegin;

    private protected DrawingScheduler(ulong seed) => _dice = new Dice(seed);

    public sealed override void Begin(int threads)
    {
        _diceAtBegin = _dice;
        BeginDrawing(threads);
    }

    /// <summary>Instead of <see cref="Scheduler.End"/>: the execution starts over, and as long as it does the same it is picked
    /// the same.</summary>
    public void BeginAgain(int threads)
    {
        _dice = _diceAtBegin;
        BeginDrawing(threads);
    }

    /// <summary>Forgets the last execution, but for what <see cref="Scheduler.End"/> learnt.</summary>
    private protected abstract void BeginDrawing(int threads);
}
