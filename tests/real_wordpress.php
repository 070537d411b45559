<?php
// Installs WordPress in the folder of argv[1], or changes it: options, posts, deletions, from JSON on standard input.
// Prints what was made, as JSON: post ids by title. Run by tests/real_wordpress.py.
$site = $argv[1];
$wanted = json_decode(stream_get_contents(STDIN), true, 512, JSON_THROW_ON_ERROR);
$_SERVER['HTTP_HOST'] = $wanted['host'];
$_SERVER['SERVER_PROTOCOL'] = 'HTTP/1.1';
if ($wanted['install'] ?? false) {
    define('WP_INSTALLING', true);
    function wp_new_blog_notification($title, $url, $user, $password) {} // the machine has no mail
}
require "$site/wp-load.php";
require_once ABSPATH . 'wp-admin/includes/upgrade.php';
if ($wanted['install'] ?? false) {
    wp_install('Provblogg', 'redaktor', 'redaktor@example.se', true, '', 'not-used-by-any-test');
    wp_delete_post(1, true);
}
foreach ($wanted['options'] ?? [] as $name => $value) {
    update_option($name, $value);
}
if (isset($wanted['permalinks'])) {
    global $wp_rewrite;
    $wp_rewrite->set_permalink_structure($wanted['permalinks']);
    flush_rewrite_rules();
}
$made = [];
foreach ($wanted['posts'] ?? [] as $post) {
    $id = wp_insert_post(wp_slash($post + ['post_author' => 1, 'post_status' => 'publish']), true);
    if (is_wp_error($id)) {
        fwrite(STDERR, $id->get_error_message());
        exit(1);
    }
    $made[$post['post_title']] = $id;
}
foreach ($wanted['edits'] ?? [] as $edit) {
    wp_update_post(wp_slash($edit));
}
foreach ($wanted['deleted'] ?? [] as $id) {
    wp_delete_post($id, true);
}
echo json_encode($made, JSON_FORCE_OBJECT | JSON_THROW_ON_ERROR);
