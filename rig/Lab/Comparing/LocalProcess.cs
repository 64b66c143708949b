using System.ComponentModel;
using System.Diagnostics;
using System.IO.Pipes;
using Lab.Application.Measuring;
using Lab.Measure;
using Lab.Settings;

namespace Lab.Application.Comparing;

/// <summary>This machine: a run is a process of its own, which writes its folder where it belongs and can be stopped by
/// signals.</summary>
/// <param name="program">Starts the lab with arguments; null where it cannot tell which program that is.</param>
/// <param name="runs">Where run folders go.</param>
public sealed class LocalProcess(Func<IEnumerable<string>, ProcessStartInfo?> program, string runs) : IRunPlace
{
    public LocalProcess(string runs) : this(SelfProcess.Start, runs)
    {
    }

    public bool HasTurns => true;

    /// <exception cref="UsageException">It cannot tell which program it is.</exception>
    public IPlacedRun Start(IReadOnlyList<string> arguments, bool takesTurns)
    {
        ProcessStartInfo start = program(["run", .. arguments, "--out", runs])
            ?? throw new UsageException("lab compare cannot find its own program; start it with 'dotnet lab.dll compare'.");
        start.RedirectStandardInput = takesTurns;
        return new Child(start);
    }

    private sealed class Child : IPlacedRun
    {
        /// <summary>Once the process has ended its last word is in the pipe; a process that it started may hold the pipe open a
        /// little longer.</summary>
        private static readonly TimeSpan LastWordLimit = TimeSpan.FromSeconds(5);

        private readonly List<string> _complaints = [];
        private readonly AnonymousPipeServerStream _pipe = new(PipeDirection.In, HandleInheritability.Inheritable);
        private readonly Process _process;
        private readonly Task<string?> _announced;

        public Child(ProcessStartInfo start)
        {
            start.Environment[RunAnnouncement.Variable] = _pipe.GetClientHandleAsString();
            SelfProcess.EndsWithThis(start);
            _process = new Process { StartInfo = start };
            _process.OutputDataReceived += (_, _) => { };
            _process.ErrorDataReceived += (_, line) =>
            {
                if (line.Data is { Length: > 0 } text) _complaints.Add(text);
            };
            _process.Start();
            _pipe.DisposeLocalCopyOfClientHandle();
            _process.BeginOutputReadLine();
            _process.BeginErrorReadLine();
            _announced = new StreamReader(_pipe).ReadLineAsync();
        }

        public bool AwaitStop() => StoppedProcess.Await(_process.Id);

        public bool TakeTurn()
        {
            try
            {
                // First the word and then the signal: continued without it, the process stops again.
                _process.StandardInput.BaseStream.WriteByte((byte)'.');
                _process.StandardInput.BaseStream.Flush();
            }
            catch (IOException)
            {
                return false; // killed where it stood
            }
            StoppedProcess.Continue(_process.Id);
            return AwaitStop();
        }

        public PlacedRunEnd End()
        {
            _process.WaitForExit(); // also for the last lines
            RunAnnouncement? announced = _announced.Wait(LastWordLimit) ? RunAnnouncement.Read(_announced.Result) : null;
            return new PlacedRunEnd(_process.ExitCode, announced, _complaints);
        }

        /// <summary>It is where it belongs.</summary>
        public string Fetch(RunAnnouncement announced) => Path.GetFileName(announced.Folder);

        /// <summary>What it measured so far belongs to a block that does not count.</summary>
        public void Kill()
        {
            try
            {
                _process.Kill(entireProcessTree: true);
            }
            catch (Exception gone) when (gone is InvalidOperationException or Win32Exception or AggregateException)
            {
                // It has ended by itself, or one that it started has.
            }
        }

        /// <summary>A process that is still there is of no use to anybody.</summary>
        public void Dispose()
        {
            Kill();
            _process.Dispose();
            _pipe.Dispose();
        }
    }
}
