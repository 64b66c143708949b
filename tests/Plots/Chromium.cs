using System.Diagnostics;
using Lab.Tests.Cli;
using Microsoft.Playwright;
using Xunit;

namespace Lab.Tests.Plots;

/// <summary>The system's own Chromium, started once for all pages of a class. A machine that has none gets it where that is
/// possible, by <c>.ci/chromium</c>: a fresh clone's tests need nothing but the SDK.</summary>
public sealed class Chromium : IAsyncLifetime
{
    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome"];

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public async ValueTask InitializeAsync()
    {
        if (Find() is null)
        {
            using Process install =
                Process.Start(new ProcessStartInfo("bash", [Path.Combine(LabProcess.Checkout, ".ci", "chromium")]))!;
            await install.WaitForExitAsync();
        }
        if (Find() is not { } program) return;
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(
            new BrowserTypeLaunchOptions { ExecutablePath = program, Args = ["--no-sandbox"] });
    }

    /// <summary>An empty page in a window of that size. Closing its context ends it.</summary>
    internal async Task<IPage> OpenAsync(int width, int height, ColorScheme scheme = ColorScheme.Light, bool hasScript = true)
    {
        Assert.True(_browser is not null, $"These tests open the reports in Chromium, and none of {string.Join(", ", Names)} is "
            + "in PATH: install Debian's package 'chromium' (apt-get install chromium).");
        IBrowserContext context = await _browser.NewContextAsync(new BrowserNewContextOptions
        {
            ViewportSize = new ViewportSize { Width = width, Height = height }, ColorScheme = scheme,
            JavaScriptEnabled = hasScript, Offline = true,
        });
        return await context.NewPageAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null) await _browser.DisposeAsync();
        _playwright?.Dispose();
    }

    private static string? Find() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .SelectMany(folder => Names.Select(name => Path.Combine(folder, name)))
            .FirstOrDefault(File.Exists);
}
